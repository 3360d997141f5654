/**
 * Which notifications of an inbox are read: pure functions of one small record.
 *
 * The notifications of an inbox are numbered from 1, without a gap, in the order of arrival. The unread count follows
 * from the numbers alone, so no separate count can be wrong.
 */

/** What is read. */
export interface ReadMarks {
  /** The oldest number that is still kept; above `last` if none is. */
  readonly first: number;
  /** The newest number; 0: nothing has arrived yet. */
  readonly last: number;
  /** All notifications up to this number are read or removed. */
  readonly upTo: number;
  /** The numbers above it that are read, ascending. */
  readonly also: readonly number[];
}

/** The marks of an inbox to which nothing has come. */
export const NOTHING: ReadMarks = { first: 1, last: 0, upTo: 0, also: [] };

/** The unread count. */
export function unreadIn({ last, upTo, also }: ReadMarks): number {
  return last - upTo - also.length;
}

/** Whether the notification with this number is read or removed. */
export function isRead({ upTo, also }: ReadMarks, number: number): boolean {
  return number <= upTo || also.includes(number);
}

/** The marks after `count` more notifications have arrived. */
export function withArrived(marks: ReadMarks, count: number): ReadMarks {
  return { ...marks, last: marks.last + count };
}

/** The marks after one notification was read; unchanged if it was read before or doesn't exist. */
export function withRead(marks: ReadMarks, number: number): ReadMarks {
  if (isRead(marks, number) || number > marks.last) return marks;
  return compact(marks, [...marks.also, number].sort((a, b) => a - b));
}

/** The marks after all notifications were read. */
export function withAllRead(marks: ReadMarks): ReadMarks {
  return { ...marks, upTo: marks.last, also: [] };
}

/** The marks after all notifications below a number were removed, read or not. */
export function withoutBefore(marks: ReadMarks, first: number): ReadMarks {
  const upTo = Math.max(marks.upTo, first - 1);
  return compact({ ...marks, first, upTo }, marks.also.filter((number) => number > upTo));
}

/** Moves `upTo` to the highest number up to which all are read. */
function compact(marks: ReadMarks, also: readonly number[]): ReadMarks {
  let { upTo } = marks;
  let count = 0;
  while (also[count] === upTo + 1) {
    upTo++;
    count++;
  }
  return { ...marks, upTo, also: also.slice(count) };
}
