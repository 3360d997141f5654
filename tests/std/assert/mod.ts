/** The part of `@std/assert` that our tests use, built on `node:assert`, so that they run where JSR isn't reachable. */
import assertStrict, { AssertionError } from "node:assert/strict";

export { AssertionError };

// deno-lint-ignore no-explicit-any -- the signature of @std/assert
type ErrorClass<E extends Error> = new (...args: any[]) => E;

/** Fails unless `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError({ message: msg || "Expected a truthy value", actual: expr });
}

/** Fails unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  assertStrict.deepStrictEqual(actual, expected, msg);
}

/** Fails when both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  assertStrict.notDeepStrictEqual(actual, expected, msg);
}

/** Fails unless both are the same value (`Object.is`). */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  assertStrict.strictEqual(actual, expected, msg);
}

/** Fails when `actual` is null or undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    throw new AssertionError({ message: msg ?? `Expected a value, got ${actual}`, actual });
  }
}

/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) {
    throw new AssertionError({
      message: msg ?? `Expected "${actual}" to contain "${expected}"`,
      actual,
      expected,
    });
  }
}

/** Fails unless `actual` matches. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  assertStrict.match(actual, expected, msg);
}

/** Fails when `actual` matches. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  assertStrict.doesNotMatch(actual, expected, msg);
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  assert(actual > expected, msg ?? `Expected ${actual} > ${expected}`);
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  assert(actual >= expected, msg ?? `Expected ${actual} >= ${expected}`);
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  assert(actual < expected, msg ?? `Expected ${actual} < ${expected}`);
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  assert(actual <= expected, msg ?? `Expected ${actual} <= ${expected}`);
}

/** Fails always. */
export function fail(msg?: string): never {
  throw new AssertionError({ message: `Failed assertion${msg ? `: ${msg}` : "."}` });
}

/** Fails unless `fn` throws, and answers what it threw. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass?: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E {
  try {
    fn();
  } catch (error) {
    return expectError(error, ErrorClass, msgIncludes, msg);
  }
  return fail(msg ?? "expected function to throw");
}

/** Fails unless `fn` rejects, and resolves to what it rejected with. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass?: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return expectError(error, ErrorClass, msgIncludes, msg);
  }
  return fail(msg ?? "expected function to reject");
}

function expectError<E extends Error>(
  error: unknown,
  ErrorClass: ErrorClass<E> | undefined,
  msgIncludes = "",
  msg = "",
): E {
  if (!(error instanceof (ErrorClass ?? Error))) {
    fail(`${msg} expected ${ErrorClass?.name ?? "an Error"}, got ${error}`);
  }
  assertStringIncludes((error as E).message, msgIncludes, msg || undefined);
  return error as E;
}
