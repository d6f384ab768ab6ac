/**
 * A sentence for a Node.js that is too old.
 * @param version such as `24.15.0`
 * @param range the field `engines.node` of a package.json, `>=24.15.0`
 * @returns undefined for one that is new enough
 */
export function problemOfNode(version: string, range: string): string | undefined {
  const minimum = range.replace('>=', '');
  if (compare(version, minimum) >= 0) return undefined;
  return `podips needs Node.js ${minimum} or newer, but this is ${version}`;
}

function compare(one: string, other: string): number {
  const [left, right] = [one, other].map((text) => text.split(/[.-]/, 3).map(Number));
  const differences = (left ?? []).map((part, index) => part - (right?.[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
