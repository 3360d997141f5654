/** The files that pages are made of. */
import { Hono } from "hono";
import type { Context } from "hono";
import { HttpError } from "./errors.ts";

/** A file as it is sent. */
export interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Quoted, as in the header. */
  readonly etag: string;
}

interface KnownFile extends StaticFile {
  readonly modifiedAt: number | undefined;
}

interface JoinedFile extends StaticFile {
  /** The entity tags of what it was joined from. */
  readonly madeOf: string;
}

const STATIC = new URL("../static/", import.meta.url);
/** What `deno task bundle` made of `static/bundles/`. */
const BUILT = new URL("built/", STATIC);
const SENT = /^[a-z0-9_]+\.(css|js|svg)$/;
const IMPORT = /@import "([a-z0-9_]+\.css)";\n/g;
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};
const FOR_GOOD = "public, max-age=31536000, immutable";

/** Files below `static/`, read when they are asked for and again when they have changed. */
export class StaticFiles {
  readonly #known = new Map<string, KnownFile>();
  readonly #joined = new Map<string, JoinedFile>();
  #lastVersion: string | undefined;

  /** The file, or `undefined` where there is none. */
  async read(path: string): Promise<StaticFile | undefined> {
    const url = new URL(path, STATIC);
    try {
      const modifiedAt = (await Deno.stat(url)).mtime?.getTime();
      const known = this.#known.get(path);
      if (known && known.modifiedAt === modifiedAt) return known;
      const bytes = await Deno.readFile(url);
      const file = { bytes, etag: await etagOf(bytes), modifiedAt };
      this.#known.set(path, file);
      return file;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** A stylesheet with those that it imports in their places, so that a page waits for one answer and not for ten. */
  async stylesheet(name: string): Promise<StaticFile | undefined> {
    const file = await this.read(name);
    if (!file) return undefined;
    const text = decoder.decode(file.bytes);
    const names = [...text.matchAll(IMPORT)].map(([, part = ""]) => part);
    if (!names.length) return file;
    const parts = new Map(
      await Promise.all(names.map(async (part) => [part, await this.#needed(part)] as const)),
    );
    const madeOf = [file, ...parts.values()].map(({ etag }) => etag).join();
    const known = this.#joined.get(name);
    if (known?.madeOf === madeOf) return known;
    const joined = text.replace(IMPORT, (_, part) => decoder.decode(parts.get(part)?.bytes));
    const bytes = new TextEncoder().encode(joined);
    const made = { bytes, etag: await etagOf(bytes), madeOf };
    this.#joined.set(name, made);
    return made;
  }

  async text(path: string): Promise<string> {
    return decoder.decode((await this.#needed(path)).bytes);
  }

  /** What changes whenever any of the files that are sent does: 24 hexadecimal digits. */
  async version(): Promise<string> {
    const names = [...await namesIn(STATIC), ...(await namesIn(BUILT)).map((name) => `built/${name}`)];
    const files = await Promise.all(names.sort().map((name) => this.read(name)));
    const etags = files.map((file) => file?.etag ?? "");
    this.#lastVersion = (await etagOf(new TextEncoder().encode(etags.join()))).replaceAll('"', "");
    return this.#lastVersion;
  }

  /** Whether that is the version; one that a page was just given is taken to be, without a look at every file. */
  async isVersion(version: string): Promise<boolean> {
    return version === this.#lastVersion || version === await this.version();
  }

  async #needed(path: string): Promise<StaticFile> {
    const file = await this.read(path);
    if (!file) throw new Error(`Cannot make a page: static/${path} is missing`);
    return file;
  }
}

/** The names of the files of a directory that are sent; none where there is no such directory. */
async function namesIn(directory: URL): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name)
      .filter((name) => SENT.test(name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * `/static/`. Below its {@link StaticFiles.version} a file may be kept for good: a changed one has another address,
 * and so have the modules that it imports by relative ones. Below `built/` are the modules that `deno task bundle` makes.
 */
export function staticFiles(files: StaticFiles): Hono {
  const send = async (c: Context, name: string, isForGood: boolean): Promise<Response> => {
    const isBuilt = name.startsWith("built/");
    if (!SENT.test(isBuilt ? name.slice("built/".length) : name)) return c.notFound();
    const file = await (name.endsWith(".css") ? files.stylesheet(name) : files.read(name));
    if (!file && isBuilt) {
      throw new HttpError(503, "not_built", `static/${name} is missing: run \`deno task bundle\` first`);
    }
    if (!file) return c.notFound();
    const headers = {
      "cache-control": isForGood ? FOR_GOOD : "no-cache",
      etag: file.etag,
      "x-content-type-options": "nosniff",
    };
    const known = c.req.header("if-none-match")?.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
    if (known?.includes(file.etag)) return c.body(null, 304, headers);
    return c.body(file.bytes, 200, {
      ...headers,
      "content-type": TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "",
    });
  };
  return new Hono()
    .get("/:name", (c) => send(c, c.req.param("name"), false))
    .get("/built/:name", (c) => send(c, `built/${c.req.param("name")}`, false))
    .get("/:version/built/:name", async (c) => {
      const { version, name } = c.req.param();
      return send(c, `built/${name}`, await files.isVersion(version));
    })
    .get("/:version/:name", async (c) => {
      const { version, name } = c.req.param();
      return send(c, name, await files.isVersion(version));
    });
}

async function etagOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).subarray(0, 12);
  return `"${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

const decoder = new TextDecoder();
