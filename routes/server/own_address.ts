/** The addresses at which the service itself is reached. */

const EVERYWHERE = new Set(["0.0.0.0", "::"]);
/** Network interfaces of containers and virtual machines, which no person reaches. */
const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|vEthernet)/;

/** The origin for programs on this machine, of a service that listens at `host` and `port`. */
export function ownOrigin(host: string, port: number | string): string {
  if (host === "0.0.0.0") return `http://127.0.0.1:${port}`;
  if (host === "::") return `http://[::1]:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * The origin for other machines of the network; `undefined` when the service listens at one host only, or the permission to
 * read the machine's addresses is missing.
 */
export async function networkOrigin(host: string, port: number | string): Promise<string | undefined> {
  if (!EVERYWHERE.has(host)) return undefined;
  const { state } = await Deno.permissions.query({ name: "sys", kind: "networkInterfaces" });
  if (state !== "granted") return undefined;
  const found = Deno.networkInterfaces().find(({ name, family, address }) =>
    family === "IPv4" && !VIRTUAL.test(name) && !/^(127|169\.254)\./.test(address)
  );
  return found && `http://${found.address}:${port}`;
}
