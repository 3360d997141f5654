/** Addresses of clients, as limits count them. */
import { isIPv4, isIPv6 } from "node:net";

const GROUPS = 8;
/** Of an IPv6 address, so many groups say which network it is in: a /64, out of which each host picks what it likes. */
const NETWORK_GROUPS = 4;

/**
 * What limits count of an address: an IPv4 address, the /64 of an IPv6 one (`2001:db8:0:1::/64`), or `::1`. A port that a
 * proxy added, brackets, and a zone are left out; an IPv4 address that is written as an IPv6 one is itself.
 * `undefined` for what isn't an address.
 */
export function clientAddress(text: string): string | undefined {
  const bare = withoutPort(text.trim());
  if (isIPv4(bare)) return bare;
  const [address = ""] = bare.split("%");
  if (!isIPv6(address)) return undefined;
  const groups = groupsOf(address);
  const last = groups.slice(-2).flatMap((group) => [group >> 8, group & 0xff]);
  if (isMapped(groups)) return last.join(".");
  if (isLoopback(groups)) return "::1";
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => group.toString(16));
  return `${network.join(":")}::/64`;
}

function withoutPort(text: string): string {
  return /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
}

/** The eight groups of an IPv6 address, however it is written. */
function groupsOf(address: string): number[] {
  // The URL parser writes an IPv4 ending as two groups.
  const written = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [before = [], after = []] = written.split("::").map((half) => half.split(":").filter(Boolean));
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}

/** Whether it is `::ffff:a.b.c.d`, as sockets that take both kinds tell of IPv4. */
function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
}

function isLoopback(groups: readonly number[]): boolean {
  return groups.every((group, i) => group === (i === GROUPS - 1 ? 1 : 0));
}
