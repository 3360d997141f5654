/** One file and its message, told step by step, so that a process can end before each. */
import { FileLinks } from "../../rooms/files/file_links.ts";
import type { FileStorage } from "../../rooms/files/file_storage.ts";
import { Files } from "../../rooms/files/files.ts";
import { FolderStorage } from "../../rooms/files/folder_storage.ts";
import { S3Storage } from "../../rooms/files/s3_storage.ts";
import type { JournalItem } from "../../rooms/messages/journal.ts";
import { guest } from "../../rooms/user.ts";
import { readConfig } from "../../routes/config.ts";
import { png } from "./files.ts";
import { messageFactoryOf } from "./messages.ts";

/** Where it happens. */
export const ROOM = "lobby";

function fail(): void {
  throw new Error("killed");
}

/** Counts steps, and ends the process before the one with the number `last`: nothing has an effect from then on. */
export class Life {
  #steps = 0;
  readonly #last: number;
  readonly #end: () => void;

  /** `end` ends the process; by default the process only fails from then on. */
  constructor(last: number, end: () => void = fail) {
    this.#last = last;
    this.#end = end;
  }

  /** Whether it has ended. */
  get isOver(): boolean {
    return this.#steps > this.#last;
  }

  /** Does one step, or ends. */
  step(): void {
    if (this.#steps++ >= this.#last) this.#end();
  }

  /** The same object; each call of a method is a step. */
  of<T extends object>(real: T): T {
    return new Proxy(real, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if (name !== "atomic" && name !== "list") this.step();
          const result = value.apply(target, args);
          return name === "atomic" ? this.#commit(result) : result;
        };
      },
    });
  }

  #commit(atomic: Deno.AtomicOperation): Deno.AtomicOperation {
    const commit = atomic.commit.bind(atomic);
    atomic.commit = () => {
      this.step();
      return commit();
    };
    return atomic;
  }
}

/** What became of a file and its message before the process ended. */
export interface Story {
  id?: string;
  isSaid: boolean;
  isDeleted: boolean;
}

/** Uploads a file, says it, deletes the message, and removes the file, until it is killed. */
export async function live(kv: Deno.Kv, storage: FileStorage, life: Life, story: Story): Promise<boolean> {
  const { files, links } = filesOf(life.of(kv), life.of(storage), 0);
  try {
    const sent = { room: ROOM, name: "a.png", size: 200_000, isExact: true, by: undefined, quotas: [] };
    const body = async function* () {
      for (const part of [png(4, 3, 100_000), new Uint8Array(100_000)]) {
        life.step();
        yield part;
      }
    };
    const file = await files.take({ ...sent, quotas: [{ who: "ada", people: 1_000 }] }, body());
    story.id = file.id;
    const factory = messageFactoryOf({ now: Date.now });
    const draft = factory.draft(ROOM, guest("ada"), "", { files: [files.shown(file)] });
    await commitOf(kv, links, life, { draft, senders: [] });
    story.isSaid = true;
    const deletion = { entry: "deleted", message_id: draft.id, files: [file.id] } as const;
    await commitOf(kv, links, life, { draft: factory.entry(ROOM, guest("ada"), deletion), senders: [] });
    story.isDeleted = true;
    await files.sweep();
    return false;
  } catch (error) {
    if (!life.isOver) throw error;
    return true;
  }
}

async function commitOf(kv: Deno.Kv, links: FileLinks, life: Life, item: JournalItem): Promise<void> {
  life.step();
  const commit = kv.atomic();
  links.add(commit, [item]);
  await commit.commit();
}

/** The files in a storage, as they are `laterMs` from now. */
export function filesOf(
  kv: Deno.Kv,
  storage: FileStorage,
  laterMs: number,
): { files: Files; links: FileLinks } {
  const links = new FileLinks();
  const parts = { ...readConfig({}), kv, storage, links, filesUrl: "", failed() {} };
  return { links, files: new Files({ ...parts, now: () => Date.now() + laterMs }) };
}

/** What the program below works on. */
export interface LifeArguments {
  readonly kvPath: string;
  readonly filesPath: string;
  readonly s3: ConstructorParameters<typeof S3Storage>[0] | undefined;
  /** The number of steps after which it kills itself. */
  readonly last: number;
}

/** The same life in a process that kills itself before one step: also before each call of the file system. */
async function main({ kvPath, filesPath, s3, last }: LifeArguments): Promise<void> {
  const kv = await Deno.openKv(kvPath);
  const life = new Life(last, () => Deno.kill(Deno.pid, "SIGKILL"));
  for (
    const [target, names] of [[Deno, ["mkdir", "open", "rename", "remove"]], [Deno.FsFile.prototype, [
      "write",
      "sync",
      "syncData",
    ]]] as const
  ) {
    for (const name of names) {
      const real = Reflect.get(target, name);
      Reflect.set(target, name, function (this: unknown, ...args: unknown[]) {
        life.step();
        return real.apply(this, args);
      });
    }
  }
  const tell = (name: string): void => void Deno.stdout.writeSync(new TextEncoder().encode(`${name}\n`));
  const story: Story = {
    set id(id: string) {
      tell(id);
    },
    set isSaid(isSaid: boolean) {
      if (isSaid) tell("said");
    },
    set isDeleted(isDeleted: boolean) {
      if (isDeleted) tell("deleted");
    },
  };
  await live(kv, s3 ? new S3Storage(s3) : new FolderStorage(filesPath), life, story);
  kv.close();
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]));
