const MOST_REPEATS = 3;
/** Each repeat counts for ten. */
const MOST_WAYS = 10_000;

/**
 * Why a regular expression from outside is refused; null where it is not. It is matched again and again, by the
 * process that also serves all others, so it must not be one that takes for ever: without groups that repeat,
 * steps are bounded by the length of a label to the power of its repeats, for each way through its groups.
 */
export function costOf(regex: string): string | null {
  if (/(?:^|[^\\])(?:\\\\)*\\[1-9k]/.test(regex)) return 'refers back to a group: write it out';
  const marks = regex.replace(/\\.|\[(?:\\.|[^\]\\])*\]/gsu, 'x').replaceAll('(?:', '(');
  if (marks.includes('(?')) return 'looks around: write a second matcher';
  if (/\)[*+{]/.test(marks)) return 'repeats a group: list what it may be, like a|b';
  const repeats = marks.match(/[*+?{]/g)?.length ?? 0;
  if (repeats > MOST_REPEATS)
    return `repeats ${repeats} times: ${MOST_REPEATS} at most, or write several matchers`;
  if (10 ** repeats * waysThrough(marks) >= MOST_WAYS)
    return 'has too many ways through its groups: write several matchers, or one list without groups, like a|b';
  return null;
}

/** The product of how many alternatives each group has: side by side, all combinations may be tried. */
function waysThrough(marks: string): number {
  let ways = 1;
  const open: number[] = [];
  for (const mark of marks) {
    if (mark === '(') open.push(1);
    else if (mark === ')') ways *= open.pop() ?? 1;
    else if (mark === '|' && open.length > 0) open.push((open.pop() ?? 0) + 1);
  }
  return ways;
}
