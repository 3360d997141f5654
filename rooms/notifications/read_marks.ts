/**
 * What somebody has read of what came to them: pure functions of one small record.
 *
 * Notifications of an inbox are numbered from 1 on, without a gap, in the order in which they arrive. How many are
 * unread follows from the numbers alone, so that no count has to be kept beside them, and none can be wrong.
 */

export interface ReadMarks {
  /** The oldest number that is still kept; above {@link last}: none is. */
  readonly first: number;
  /** The newest number; 0: nothing came yet. */
  readonly last: number;
  /** All up to this number are read, or gone. */
  readonly upTo: number;
  /** Those above it that are read, too, ascending. */
  readonly also: readonly number[];
}

/** Of somebody to whom nothing came yet. */
export const NOTHING: ReadMarks = { first: 1, last: 0, upTo: 0, also: [] };

export function unreadIn({ last, upTo, also }: ReadMarks): number {
  return last - upTo - also.length;
}

/** Whether the notification with this number is read, or gone. */
export function isRead({ upTo, also }: ReadMarks, number: number): boolean {
  return number <= upTo || also.includes(number);
}

/** So many more have come. */
export function withArrived(reading: ReadMarks, count: number): ReadMarks {
  return { ...reading, last: reading.last + count };
}

/** One has been read; the same reading when it was before, or was never there. */
export function withRead(reading: ReadMarks, number: number): ReadMarks {
  if (isRead(reading, number) || number > reading.last) return reading;
  return compact(reading, [...reading.also, number].sort((a, b) => a - b));
}

export function withAllRead(reading: ReadMarks): ReadMarks {
  return { ...reading, upTo: reading.last, also: [] };
}

/** What came before this number is gone, read or not. */
export function withoutBefore(reading: ReadMarks, first: number): ReadMarks {
  const upTo = Math.max(reading.upTo, first - 1);
  return compact({ ...reading, first, upTo }, reading.also.filter((number) => number > upTo));
}

/** Moves `upTo` as far as all are read. */
function compact(reading: ReadMarks, also: readonly number[]): ReadMarks {
  let { upTo } = reading;
  let passed = 0;
  while (also[passed] === upTo + 1) {
    upTo++;
    passed++;
  }
  return { ...reading, upTo, also: also.slice(passed) };
}
