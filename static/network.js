/**
 * What has a connection that can be dropped and made again.
 * @typedef {{ connect: () => void, drop: () => void }} Connected
 */

/**
 * Tells the socket what the browser knows about the network: a connection from before it went away is dead,
 * and a person who looks at the page should not wait out a countdown.
 * @param {Connected} socket
 * @returns {() => void} stops it
 */
export function followNetwork(socket) {
  const listening = new AbortController();
  const { signal } = listening;
  addEventListener("offline", () => socket.drop(), { signal });
  addEventListener("online", () => socket.connect(), { signal });
  addEventListener("focus", () => socket.connect(), { signal });
  addEventListener("pageshow", () => socket.connect(), { signal });
  document.addEventListener(
    "visibilitychange",
    () => document.hidden || socket.connect(),
    { signal },
  );
  return () => listening.abort();
}
