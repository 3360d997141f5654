import { assertEquals } from "@std/assert";
import { clientAddress } from "../../routes/client_address.ts";

Deno.test("clientAddress() counts an IPv4 address as itself, with a port or without, however a socket writes it", () => {
  const written = [" 192.0.2.7 ", "192.0.2.7:4000", "::ffff:192.0.2.7", "[::ffff:c000:207]:80"];
  assertEquals(new Set(written.map(clientAddress)), new Set(["192.0.2.7"]));
});

Deno.test("clientAddress() counts an IPv6 address by its /64, with a port, brackets or a zone or without", () => {
  const written = [
    "2001:db8::1",
    "[2001:db8::1]:4000",
    "[2001:DB8::ffff]",
    "2001:0db8:0000:0000:1:2:3:4",
    "2001:db8::1%eth0",
    "2001:db8::192.0.2.7",
  ];
  assertEquals(new Set(written.map(clientAddress)), new Set(["2001:db8:0:0::/64"]));
  assertEquals(clientAddress("2001:db8:0:1::1"), "2001:db8:0:1::/64");
  assertEquals(clientAddress("[::1]:4000"), "::1");
  assertEquals(clientAddress("fe80::1%eth0"), "fe80:0:0:0::/64");
});

Deno.test("clientAddress() knows what isn't an address", () => {
  const written = ["", "unknown", "_hidden", "1.2.3", "2001:db8::1]:4000", "[1.2.3.4", "a:b", "::1/64"];
  assertEquals(written.map(clientAddress), written.map(() => undefined));
});
