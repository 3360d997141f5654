/** Decides to which addresses pushes may go: browsers state their own, and could make the service call any other server. */

/** Hosts of the push services of browsers: Chrome, Firefox, Safari, Edge. A leading dot: all below. */
const KNOWN_HOSTS = [
  "fcm.googleapis.com",
  "updates.push.services.mozilla.com",
  "web.push.apple.com",
  ".push.apple.com",
  ".notify.windows.com",
];
const MAX_LENGTH = 1_000;

/** Whether an endpoint is https at a known push service, or at one of the further `origins`. */
export function isPushEndpoint(endpoint: string, origins: readonly string[]): boolean {
  if (endpoint.length > MAX_LENGTH || !URL.canParse(endpoint)) return false;
  const { protocol, hostname, port, username, password, origin } = new URL(endpoint);
  if (username || password) return false;
  if (origins.includes(origin)) return true;
  const isKnown = KNOWN_HOSTS.some((host) =>
    host.startsWith(".") ? hostname.endsWith(host) : hostname === host
  );
  return protocol === "https:" && port === "" && isKnown;
}
