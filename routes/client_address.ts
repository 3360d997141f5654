/** Addresses of clients, grouped as limits count them. */
import { isIPv4, isIPv6 } from "node:net";

const GROUPS = 8;
/** The groups of an IPv6 address that are its network, a /64: a host can use any address in it. */
const NETWORK_GROUPS = 4;

/**
 * The address by which limits count: an IPv4 address, the /64 of an IPv6 address (`2001:db8:0:1::/64`), or `::1`. A port
 * that a proxy added, brackets, and a zone are removed; an IPv4-mapped IPv6 address becomes IPv4. `undefined` when `text`
 * isn't an address.
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

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  // The URL parser writes an IPv4 ending as two groups.
  const written = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [before = [], after = []] = written.split("::").map((half) => half.split(":").filter(Boolean));
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}

/** Whether it is `::ffff:a.b.c.d`, the form of IPv4 addresses on sockets that accept both. */
function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
}

function isLoopback(groups: readonly number[]): boolean {
  return groups.every((group, i) => group === (i === GROUPS - 1 ? 1 : 0));
}
