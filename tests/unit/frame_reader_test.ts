import { assert, assertEquals, assertThrows } from "@std/assert";
import { FrameFault, FrameReader } from "../../routes/sockets/frame_reader.ts";
import { seeded } from "../support/random.ts";
import { rawFrame } from "../support/raw_socket.ts";

const encoder = new TextEncoder();
const MAX = 1_000;

/** A reader, and what it told. */
function reader(most = MAX): { reader: FrameReader; told: unknown[] } {
  const told: unknown[] = [];
  const reader = new FrameReader(most, {
    message: (frame) => told.push(typeof frame === "string" ? frame : new Uint8Array(frame)),
    exceeded: () => told.push("exceeded"),
    ping: (payload) => told.push({ ping: payload.length }),
    closed: (code) => told.push({ code }),
  });
  return { reader, told };
}

function bytes(frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(frames.flatMap((frame) => [...frame]));
}

Deno.test("FrameReader reads the same messages, however their bytes are cut and their messages fragmented", () => {
  const random = seeded(11);
  const below = (most: number): number => Math.floor(random() * most);
  for (let round = 0; round < 200; round++) {
    const frames: Uint8Array[] = [];
    const expected: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      const text = "小a😀".repeat(below(100));
      const payload = encoder.encode(text);
      expected.push(round % 2 ? payload : text);
      const parts = 1 + below(4);
      const size = Math.ceil(payload.length / parts) || 1;
      for (let part = 0; part < parts; part++) {
        const opcode = part ? 0 : round % 2 ? 2 : 1;
        const piece = payload.slice(part * size, (part + 1) * size);
        const key = [below(256), below(256), below(256), below(256)];
        frames.push(rawFrame({ opcode, payload: piece, isFinal: part === parts - 1 }, key));
        if (below(3)) continue;
        const ping = below(126);
        frames.push(rawFrame({ opcode: 9, payload: new Uint8Array(ping) }));
        // A ping in the middle of a message is told before it.
        if (part === parts - 1) expected.push({ ping });
        else expected.splice(-1, 0, { ping });
      }
    }
    const all = bytes(frames);
    const { reader: read, told } = reader();
    for (let at = 0; at < all.length;) {
      const end = at + 1 + below(round % 3 ? 7 : 5_000);
      read.push(all.slice(at, end));
      at = end;
    }
    assertEquals(told, expected);
  }
});

Deno.test("FrameReader tells by the header that a message is too large, whole or in parts, and passes over what follows", () => {
  const large = { opcode: 2, payload: new Uint8Array(MAX + 1) };
  const half = new Uint8Array(MAX / 2 + 1);
  const cases = [
    [rawFrame(large).slice(0, 8)],
    [
      rawFrame({ opcode: 1, payload: half, isFinal: false }),
      rawFrame({ opcode: 0, payload: half }).slice(0, 8),
    ],
    // More than any number can count.
    [new Uint8Array([0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0])],
  ];
  for (const frames of cases) {
    const { reader: read, told } = reader();
    read.push(bytes(frames));
    assertEquals(told, ["exceeded"]);
  }
  const { reader: read, told } = reader();
  read.push(bytes([rawFrame(large), rawFrame({ opcode: 1, payload: encoder.encode("next") })]));
  read.push(bytes([rawFrame({ opcode: 8, payload: new Uint8Array([0x03, 0xe8]) })]));
  assertEquals(told, ["exceeded", { code: 1000 }]);
});

Deno.test("FrameReader refuses what RFC 6455 forbids, and says with which code to close", () => {
  const payload = encoder.encode("a");
  const cases: [number, readonly Uint8Array[]][] = [
    [1002, [new Uint8Array([0x81, 0x01, 0x61])]], // not masked
    [1002, [rawFrame({ opcode: 1 | 0x40, payload })]], // compressed, which nobody agreed on
    [1002, [rawFrame({ opcode: 3, payload })]],
    [1002, [rawFrame({ opcode: 11, payload })]],
    [1002, [rawFrame({ opcode: 0, payload })]],
    [1002, [rawFrame({ opcode: 1, payload, isFinal: false }), rawFrame({ opcode: 1, payload })]],
    [1002, [rawFrame({ opcode: 9, payload, isFinal: false })]],
    [1002, [rawFrame({ opcode: 9, payload: new Uint8Array(126) })]],
    [1002, [rawFrame({ opcode: 8, payload })]],
    [1002, [rawFrame({ opcode: 8, payload: new Uint8Array([0x03, 0xed]) })]],
    [1007, [rawFrame({ opcode: 1, payload: new Uint8Array([0xc3, 0x28]) })]],
    [1007, [rawFrame({ opcode: 1, payload: new Uint8Array([0xed, 0xa0, 0x80]) })]],
    [1007, [rawFrame({ opcode: 8, payload: new Uint8Array([0x03, 0xe8, 0xff]) })]],
  ];
  for (const [code, frames] of cases) {
    const fault = assertThrows(() => reader().reader.push(bytes(frames)), FrameFault);
    assertEquals(fault.code, code, String(frames[0]));
  }
});

Deno.test("FrameReader keeps no more of a message in single bytes than has come of it", () => {
  let largest = 0;
  const Plain = Uint8Array;
  globalThis.Uint8Array = class extends Plain {
    constructor(...given: unknown[]) {
      super(...given as [number]);
      if (typeof given[0] === "number") largest = Math.max(largest, given[0]);
    }
  } as Uint8ArrayConstructor;
  try {
    const { reader: large } = reader(64 * 1024 * 1024);
    for (let i = 0; i < MAX; i++) {
      large.push(bytes([rawFrame({ opcode: i ? 0 : 1, payload: encoder.encode("a"), isFinal: false })]));
    }
  } finally {
    globalThis.Uint8Array = Plain;
  }
  assert(largest > 0 && largest <= 2 * MAX, `${largest} bytes for ${MAX}`);
  const { reader: read, told } = reader();
  read.push(bytes([rawFrame({ opcode: 1, payload: encoder.encode("a"), isFinal: false })]));
  for (let i = 2; i < MAX; i++) {
    read.push(bytes([rawFrame({ opcode: 0, payload: encoder.encode("a"), isFinal: false })]));
  }
  read.push(bytes([rawFrame({ opcode: 0, payload: encoder.encode("a") })]));
  assert(!told.includes("exceeded"));
  assertEquals(told, ["a".repeat(MAX)]);
});
