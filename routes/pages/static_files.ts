/** The files of `static/`, and the route that sends them. */
import { Hono } from "hono";
import type { Context } from "hono";
import { parseAccept } from "hono/utils/accept";
import { HttpError } from "../errors.ts";

/** A file as it is sent. */
export interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Quoted, as in the header. */
  readonly etag: string;
}

interface KnownFile extends StaticFile {
  readonly modifiedAt: number | undefined;
  readonly size: number;
}

const STATIC = new URL("../../static/", import.meta.url);
const SENT = /^(?:[a-z0-9_]+\/)*[a-z0-9_]+\.(css|js|svg|png)$/;
const IMPORT = /@import "([a-z0-9_./]+\.css)";\n/g;
/** Files that are read: those that are sent, and the words. */
const READ = /^[a-z0-9_-]+\.(css|js|svg|png|json)$/i;
/** A module's imports of others of its own, at once or later; types in comments aside. */
const MODULE_IMPORT =
  /^(?:import|export|\})[^"\n]* from "(\.[^"]+)"|^import "(\.[^"]+)"|\bawait import\("(\.[^"]+)"\)/gm;
/** A version, as it stands in addresses. */
const VERSION = "[0-9a-f]{24}";
/** The folder is read again after this time at the earliest. */
const POLL_EVERY_MS = 1_000;
const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
};
/** Smaller files grow by gzip's own header. */
const WORTH_GZIP_BYTES = 1_024;
const FOR_GOOD = "public, max-age=31536000, immutable";

/** The files of `static/` at one moment, and what is made of them once. */
export class FileSet {
  /** 24 hexadecimal digits that change with any of the files that are sent. */
  readonly version: string;
  readonly #files: ReadonlyMap<string, StaticFile>;
  readonly #made = new Map<string, unknown>();

  constructor(version: string, files: ReadonlyMap<string, StaticFile>) {
    this.version = version;
    this.#files = files;
  }

  /** The file, or `undefined` where there is none. */
  read(path: string): StaticFile | undefined {
    return this.#files.get(path);
  }

  /**
   * A file's text.
   *
   * @throws {Error} when there is no such file
   */
  text(path: string): string {
    const file = this.#files.get(path);
    if (!file) throw new Error(`Cannot make a page: static/${path} is missing`);
    return decoder.decode(file.bytes);
  }

  /** The result of `make`, which is called once for a key. */
  once<Made>(key: string, make: () => Made): Made {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key) as Made;
  }

  /** A module and all that it imports, at once or later, each once. */
  modulesOf(name: string): readonly string[] {
    return this.once(`modules of ${name}`, () => {
      const modules = new Set([name]);
      for (const module of modules) {
        // What isn't bundled yet is missing; the page that needs it is shown all the same.
        const text = this.read(module) ? this.text(module) : "";
        for (const [, from, effect, later] of text.matchAll(MODULE_IMPORT)) {
          modules.add(new URL(from ?? effect ?? later ?? "", new URL(module, ROOT)).pathname.slice(1));
        }
      }
      return [...modules];
    });
  }

  /** A stylesheet with those that it imports in their places, so that a page waits for one answer and not for ten. */
  async stylesheet(name: string): Promise<StaticFile | undefined> {
    const file = this.read(name);
    if (!file) return undefined;
    return await this.once(`joined ${name}`, async () => {
      const text = decoder.decode(file.bytes);
      const base = new URL(name, ROOT);
      const joined = text.replace(IMPORT, (_, part) => this.text(new URL(part, base).pathname.slice(1)));
      if (joined === text) return file;
      const bytes = encoder.encode(joined);
      return { bytes, etag: await etagOf(bytes) };
    });
  }

  /** A file in gzip. */
  async gzipped(name: string, { bytes }: StaticFile): Promise<Uint8Array<ArrayBuffer>> {
    return await this.once(`gzipped ${name}`, () => {
      const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
      return new Response(stream).bytes();
    });
  }
}

/**
 * The files of `static/`, read again when they have changed. The folder is polled at most once a second: at hundreds of
 * pages a second, each would read the state of a hundred files.
 */
export class StaticFiles {
  readonly #directory: URL;
  #known = new Map<string, KnownFile>();
  #set: FileSet | undefined;
  #polling: Promise<FileSet> | undefined;
  #polledAt = 0;

  /** `directory` ends with a slash. */
  constructor(directory: URL = STATIC) {
    this.#directory = directory;
  }

  /** The files as they were at most a second ago. */
  now(): FileSet | Promise<FileSet> {
    if (this.#set && Date.now() - this.#polledAt < POLL_EVERY_MS) return this.#set;
    this.#polling ??= this.#poll().finally(() => this.#polling = undefined);
    return this.#polling;
  }

  /** The files as they were at the last poll, for callers that can't wait. */
  lastSeen(): FileSet | Promise<FileSet> {
    return this.#set ?? this.now();
  }

  async #poll(): Promise<FileSet> {
    const found = await this.#pathsIn("");
    const files = await Promise.all(
      found.sort().map(async (path) => [path, await this.#read(path)] as const),
    );
    const known = new Map(files.filter((pair): pair is [string, KnownFile] => pair[1] !== undefined));
    const isSame = known.size === this.#known.size &&
      known.entries().every(([path, file]) => this.#known.get(path) === file);
    this.#known = known;
    if (!this.#set || !isSame) this.#set = new FileSet(await versionOf(known), known);
    this.#polledAt = Date.now();
    return this.#set;
  }

  /** The paths of the files of a directory and those below it. `built/` is what `deno task bundle` made of `bundles/`. */
  async #pathsIn(path: string): Promise<string[]> {
    const entries = await Array.fromAsync(Deno.readDir(new URL(path, this.#directory)));
    const paths = entries.map(({ name, isDirectory }) => {
      if (isDirectory) return this.#pathsIn(`${path}${name}/`);
      return READ.test(name) ? [path + name] : [];
    });
    return (await Promise.all(paths)).flat();
  }

  async #read(path: string): Promise<KnownFile | undefined> {
    const url = new URL(path, this.#directory);
    try {
      const { mtime, size } = await Deno.stat(url);
      const modifiedAt = mtime?.getTime();
      const known = this.#known.get(path);
      if (known && known.modifiedAt === modifiedAt && known.size === size) return known;
      const stored = await Deno.readFile(url);
      const bytes = path.endsWith(".png") ? stored : withPlainLines(stored);
      return { bytes, etag: await etagOf(bytes), modifiedAt, size };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }
}

/** Removes the line ends and the byte order mark that Git and editors on Windows write, so that pages are the same there. */
function withPlainLines(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (!bytes.includes(0x0d) && bytes[0] !== 0xef) return bytes;
  return encoder.encode(decoder.decode(bytes).replaceAll("\r\n", "\n"));
}

async function versionOf(files: ReadonlyMap<string, StaticFile>): Promise<string> {
  const sent = files.entries().filter(([path]) => SENT.test(path));
  const etags = [...sent].map(([path, { etag }]) => `${path} ${etag}`);
  return (await etagOf(encoder.encode(etags.join()))).replaceAll('"', "");
}

/**
 * `/static/`. Below its {@link FileSet.version} a file may be kept for good: a changed one has another address,
 * and so have the modules that it imports by relative ones. Below `built/` are the modules that `deno task bundle` makes.
 */
export function staticFiles(files: StaticFiles): Hono {
  const send = async (c: Context, name: string, version?: string): Promise<Response> => {
    const isBuilt = name.startsWith("built/");
    if (!SENT.test(name)) return c.notFound();
    const set = await files.now();
    const file = name.endsWith(".css") ? await set.stylesheet(name) : set.read(name);
    if (!file && isBuilt) {
      throw new HttpError(503, "not_built", `static/${name} is missing: run \`deno task bundle\` first`);
    }
    if (!file) return c.notFound();
    const headers = {
      "cache-control": version === set.version ? FOR_GOOD : "no-cache",
      etag: file.etag,
      "x-content-type-options": "nosniff",
      vary: "Accept-Encoding",
    };
    const known = c.req.header("if-none-match")?.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
    if (known?.includes(file.etag)) return c.body(null, 304, headers);
    const type = { "content-type": TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "" };
    if (file.bytes.length < WORTH_GZIP_BYTES || name.endsWith(".png") || !takesGzip(c)) {
      return c.body(file.bytes, 200, { ...headers, ...type });
    }
    return c.body(await set.gzipped(name, file), 200, { ...headers, ...type, "content-encoding": "gzip" });
  };
  return new Hono()
    .get(`/:version{${VERSION}}/:name{.+}`, (c) => send(c, c.req.param("name"), c.req.param("version")))
    .get("/:name{.+}", (c) => send(c, c.req.param("name")));
}

function takesGzip(c: Context): boolean {
  return parseAccept(c.req.header("accept-encoding") ?? "").some(({ type, q }) => type === "gzip" && q > 0);
}

async function etagOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).subarray(0, 12);
  return `"${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

/** The base of relative imports; stands for `static/`. */
const ROOT = "file:///";
const decoder = new TextDecoder();
const encoder = new TextEncoder();
