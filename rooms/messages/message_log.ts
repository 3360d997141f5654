/** Puts together what rooms are made of, whichever way isolates and machines reach each other. */
import { Archive } from "./archive.ts";
import { ChangeFeed } from "../kv/change_feed.ts";
import type { Clock } from "../clock.ts";
import { type Channel, type Post } from "../cluster/channel.ts";
import { KeyValue } from "../cluster/key_value.ts";
import type { Counters } from "../counters.ts";
import { DailyTotals } from "../stats/daily_totals.ts";
import { History } from "./history.ts";
import { Journal, type JournalItem } from "./journal.ts";
import { Lease } from "../kv/lease.ts";
import { Rooms } from "../rooms.ts";
import { createMessageFactory } from "./message.ts";
import { PresenceSync } from "../presence/presence_sync.ts";
import { MentionOutbox } from "../notifications/mention_outbox.ts";
import { Outbox } from "./outbox.ts";
import { Persons } from "../access/person.ts";
import { CLOSE } from "../protocol.ts";
import { WriteForwarding } from "./write_forwarding.ts";
import { IdempotentCommit } from "../kv/idempotent_commit.ts";
import type { StorageGuard } from "../kv/storage_guard.ts";
import { CommitStream } from "./commit_stream.ts";
import type { Trace } from "../trace.ts";

export interface MessageLogParts {
  readonly kv: Deno.Kv;
  /** Whether KV is behind a network. */
  readonly isRemote: boolean;
  /** Tells whether KV keeps what is written to it; missing: always. */
  readonly storage?: Pick<StorageGuard, "loss">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly timeZone: string;
  readonly maxMessageLength: number;
  readonly outboxLimit: number;
  /** Whether an account owns a name, which no guest can have then; missing: there are no accounts. */
  readonly isOwned?: (name: string) => Promise<boolean>;
  /** Makes the way to the other isolates or machines, if there are any; `rung` is for when they have committed. */
  readonly openChannel: (rung: () => void) => Promise<Channel | undefined>;
  /** Told of each commit, and adds to it. */
  readonly bell: CommitBell;
  readonly counters: Counters;
  readonly trace: Trace;
  /** Called when another isolate has taken over, though this one hadn't stopped. */
  readonly leaseLost?: (name: string) => void;
  /** Told of what goes wrong, by a fixed name. */
  readonly failed: (what: string, error: unknown, count?: number) => void;
}

/** What has to know of commits with messages. */
export interface CommitBell {
  /** A commit is put together whose first message is this one. */
  add(commit: Deno.AtomicOperation, firstId: string): void;
  added(): void;
  failed(): void;
}

/** The rooms of this isolate. */
export interface MessageLog {
  readonly changes: ChangeFeed;
  readonly lobby: Rooms;
  readonly history: History;
  readonly outbox: Outbox;
  readonly archive: Archive;
  readonly mentions: MentionOutbox;
  readonly dailyTotals: DailyTotals;
  /** Missing when there is nobody else. */
  readonly channel: Channel | undefined;
  /** Resolves when all that is durable by now has come to the history and to the members. */
  caughtUp(): Promise<void>;
  /**
   * Begins to hear the others, whose posts `heard` gets, too; `lost` is called when some may have been lost. `leads` is
   * called as soon as this isolate may store messages, once or more often.
   */
  open(heard: (post: Post) => void, leads: () => void, lost?: () => void): Promise<void>;
  /** What has to be done every few seconds. */
  keep(): Promise<void>;
  /** Stores what has come, and takes no more. What takes longer than `within` is told its senders as failed. */
  drain(within: Promise<unknown>): Promise<void>;
  /** Ends it, once the sockets are closed. */
  close(): Promise<void>;
}

/** Messages after which memory is to be relieved at the next occasion, and at how many it is in any case. */
const ARCHIVE_AFTER = 5_000;
const ROUNDS = 10;

export async function openMessageLog(parts: MessageLogParts): Promise<MessageLog> {
  const { kv, isRemote, clock, bell, counters, trace, failed } = parts;
  const report = (what: string) => (error: unknown): void => failed(what, error);
  const changes = new ChangeFeed(kv, clock);
  // Before anything is held in memory that a change may concern.
  await changes.open();
  const outbox = new Outbox(kv);
  const archive = new Archive(kv, outbox);
  const persons = await Persons.open(kv);
  const personOf: Persons["of"] = (room, user) => persons.of(room, user);
  await archive.open();
  const channel = await parts.openChannel(() => commitStream.ring());
  // Through KV each commits by itself: KV is what they meet in. Otherwise one commits for all.
  const isShared = channel instanceof KeyValue;
  const lease = channel && !isShared ? new Lease(kv, "journal", clock, parts.leaseLost) : undefined;
  if (!lease) await archive.advance();
  await outbox.refresh();
  const history = new History(archive);
  let fresh = 0;
  let rounds = 0;
  const commitStream: CommitStream = new CommitStream({
    outbox,
    archive,
    history,
    deliver: (messages) => {
      fresh += messages.length;
      forwarding?.passed(messages);
      trace("fan_out", { messages: messages.length }, () => lobby.deliver(messages));
    },
    failed: report("commit_stream_failed"),
  });
  const idempotentCommit = new IdempotentCommit({ kv, isRemote, lease });
  const mentions = new MentionOutbox(kv);
  let isUncertain = false;
  let commitBegan = 0;
  const journal = new Journal({
    kv,
    outbox,
    idempotentCommit,
    isShared,
    trace,
    add: (commit: Deno.AtomicOperation, entries: readonly JournalItem[]) => {
      bell.add(commit, entries[0].draft.id);
      mentions.add(commit, entries);
      forwarding?.add(commit, entries);
      if (isShared) channel.ring(commit);
      // It is made at once, and one at a time.
      commitBegan = performance.now();
    },
    committed: (commit) => {
      counters.commits++;
      counters.commitMs += performance.now() - commitBegan;
      bell.added();
      if (forwarding) forwarding.committed(commit);
      else if (isShared || isUncertain) commitStream.ring();
      else commitStream.push(commitStream.cursor, commit);
      isUncertain = false;
      mentions.committed();
    },
    failed: (error, count) => {
      bell.failed();
      // It may have been made all the same: the next one needn't follow the last one that is known.
      isUncertain = true;
      forwarding?.failed();
      failed("commit_failed", error, count);
    },
    displaced: (entries) => forwarding?.displaced(entries),
  });
  const forwarding = channel && lease &&
    new WriteForwarding({
      kv,
      channel,
      journal,
      history,
      lease,
      commitStream,
      failed: report("write_forwarding_failed"),
    });
  const presenceSync = channel &&
    new PresenceSync({ channel, rooms: () => lobby.rooms(), room: (name) => lobby.open(name) });
  const caughtUp = (): Promise<void> => channel ? commitStream.catchUp() : Promise.resolve();
  const lobby: Rooms = new Rooms({
    ...parts,
    history,
    journal: forwarding ?? journal,
    outbox,
    messageFactory: createMessageFactory({ ...parts, now: clock.now, after: archive.lastId, personOf }),
    personOf,
    isOwned: parts.isOwned ?? (() => Promise.resolve(false)),
    now: clock.now,
    elapsed: clock.elapsed,
    changes,
    caughtUp,
    elsewhere: presenceSync,
    failed: report("history_failed"),
  });
  const isArchivist = (): boolean => !forwarding || forwarding.isLeading;

  return {
    changes,
    lobby,
    history,
    outbox,
    archive,
    mentions,
    dailyTotals: new DailyTotals({ kv, outbox, now: clock.now, timeZone: parts.timeZone }),
    channel,
    caughtUp,
    async open(heard, leads, lost) {
      await channel?.listen((post) => {
        forwarding?.receive(post);
        presenceSync?.receive(post);
        heard(post);
      }, () => {
        commitStream.ring();
        presenceSync?.ask();
        lost?.();
      });
      await commitStream.catchUp();
      if (forwarding) await forwarding.open(leads);
      else leads();
      presenceSync?.open();
    },
    async keep() {
      // Whoever writes the log archives first; this is for when nothing can be written.
      if (isArchivist() && (fresh > ARCHIVE_AFTER || ++rounds % ROUNDS === 0)) {
        fresh = 0;
        await archive.advance();
      } else if (!isArchivist()) await archive.open();
      history.trim();
      await outbox.refresh();
      if (channel) commitStream.ring();
    },
    drain: (within) => forwarding ? forwarding.close(within) : journal.close(),
    async close() {
      // Nobody is in a room any more, but the rooms that were left just now still wait to say so.
      await lobby.close(CLOSE.restarting, "restarting");
      presenceSync?.close();
      await channel?.close();
      await commitStream.close();
      await changes.close();
      await idempotentCommit.close();
    },
  };
}
