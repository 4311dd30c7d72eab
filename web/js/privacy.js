// @ts-check

/** Where the pictures go, in words. */
export function privacy() {
  const here = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  return here
    ? "Your pictures never leave this computer, and nothing is recorded."
    : `Your pictures go to ${location.hostname} to be drawn, and nothing is recorded.`;
}
