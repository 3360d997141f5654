/**
 * Something with a connection. `wake` connects at once, or checks that the connection is alive; `drop` drops it.
 * @typedef {{ wake: () => void, drop: () => void }} Connected
 */

/**
 * Applies what the browser knows about the network: a connection from before the network went away is dead, one from before
 * the computer slept may be, and a person who returns to the page should not have to wait for a countdown.
 * @param {Connected} socket
 * @returns {() => void} stops it
 */
export function followNetwork(socket) {
  const listening = new AbortController();
  const { signal } = listening;
  addEventListener("offline", () => socket.drop(), { signal });
  addEventListener("online", () => socket.wake(), { signal });
  addEventListener("focus", () => socket.wake(), { signal });
  addEventListener("pageshow", () => socket.wake(), { signal });
  document.addEventListener(
    "visibilitychange",
    () => document.hidden || socket.wake(),
    { signal },
  );
  return () => listening.abort();
}
