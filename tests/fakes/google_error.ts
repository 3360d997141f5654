interface Reason {
  readonly reason: string;
  readonly metadata?: Record<string, string>;
}

/** A refusal in the form of Google's APIs: https://cloud.google.com/apis/design/errors */
export class GoogleError extends Error {
  readonly code: number;
  readonly status: string;
  readonly details: readonly Reason[];

  constructor(code: number, status: string, message: string, ...details: Reason[]) {
    super(message);
    this.code = code;
    this.status = status;
    this.details = details;
  }

  static invalid(message: string): GoogleError {
    return new GoogleError(400, "INVALID_ARGUMENT", message);
  }

  static unparsable(range: string): GoogleError {
    return GoogleError.invalid(`Unable to parse range: ${range}`);
  }

  static unauthenticated(): GoogleError {
    return new GoogleError(
      401,
      "UNAUTHENTICATED",
      "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid " +
        "authentication credential.",
      { reason: "ACCESS_TOKEN_EXPIRED" },
    );
  }

  static notShared(): GoogleError {
    return new GoogleError(403, "PERMISSION_DENIED", "The caller does not have permission");
  }

  static protectedCell(): GoogleError {
    return GoogleError.invalid(
      "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove protection if " +
        "you need to edit.",
    );
  }

  static policy(): GoogleError {
    return new GoogleError(403, "PERMISSION_DENIED", "The domain administrators have disabled this.", {
      reason: "domainPolicy",
    });
  }

  static disabled(project: string): GoogleError {
    return new GoogleError(
      403,
      "PERMISSION_DENIED",
      `Google Sheets API has not been used in project ${project} before or it is disabled. Enable it by visiting ` +
        `https://console.developers.google.com/apis/api/sheets.googleapis.com/overview?project=${project} then retry.`,
      {
        reason: "SERVICE_DISABLED",
        metadata: { service: "sheets.googleapis.com", consumer: `projects/${project}` },
      },
    );
  }

  static notFound(): GoogleError {
    return new GoogleError(404, "NOT_FOUND", "Requested entity was not found.");
  }

  static overQuota(what: "Read" | "Write"): GoogleError {
    return new GoogleError(
      429,
      "RESOURCE_EXHAUSTED",
      `Quota exceeded for quota metric '${what} requests' and limit '${what} requests per minute per user' of ` +
        "service 'sheets.googleapis.com' for consumer 'project_number:1'.",
      { reason: "RATE_LIMIT_EXCEEDED", metadata: { quota_limit: `${what}RequestsPerMinutePerUser` } },
    );
  }

  toJSON(): unknown {
    const details = this.details.map((detail) => ({
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      domain: "googleapis.com",
      ...detail,
    }));
    return { error: { code: this.code, message: this.message, status: this.status, details } };
  }
}
