// Plain JavaScript without dependencies, for every Node that has ever run modules.

/**
 * The end of a sentence about a Node.js that is too old; undefined for one that is new enough.
 * @param version such as `24.15.0`
 * @param range the field `engines.node` of a package.json, `>=24.15.0`
 */
export function problemOfNode(version, range) {
  const minimum = range.replace('>=', '');
  if (compare(version, minimum) >= 0) return undefined;
  return `needs Node.js ${minimum} or newer, but this is ${version}`;
}

function compare(one, other) {
  const [left, right] = [one, other].map((text) => text.split(/[.-]/, 3).map(Number));
  const differences = left.map((part, index) => part - (right[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
