/**
 * What has a connection that can be dropped and made again; `wake` connects at once, or tries out whether the connection is
 * still alive.
 * @typedef {{ wake: () => void, drop: () => void }} Connected
 */

/**
 * Tells the socket what the browser knows about the network: a connection from before it went away is dead, one from
 * before the computer slept may be, and a person who looks at the page should not wait out a countdown.
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
