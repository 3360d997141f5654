/** The addresses that the service itself is reached at. */

const EVERYWHERE = new Set(["0.0.0.0", "::"]);
/** Networks between containers and virtual machines, where no person is. */
const VIRTUAL = /^(docker|br-|veth|virbr|vmnet|vboxnet|vEthernet)/;

/** The origin for programs on this machine, of a service that listens at a host and port. */
export function ownOrigin(host: string, port: number | string): string {
  if (host === "0.0.0.0") return `http://127.0.0.1:${port}`;
  if (host === "::") return `http://[::1]:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * The origin for other machines of the network; `undefined` where there is none, or where the permission to ask for the
 * machine's addresses is missing.
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
