/**
 * The end of a sentence about a Node.js that is too old; undefined for one that is new enough.
 * @param version such as `24.15.0`
 * @param range the field `engines.node` of a package.json, `>=24.15.0`
 */
export declare function problemOfNode(version: string, range: string): string | undefined;
