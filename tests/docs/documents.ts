import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A document, with the parts of it that tests check. */
export interface Document {
  /** Its path below the root. */
  readonly name: string;
  readonly text: string;
  /** The anchors of its headings, as links name them. */
  readonly anchors: readonly string[];
  /** The texts between single backticks. */
  readonly spans: readonly string[];
  /** Its fenced blocks of code. */
  readonly blocks: readonly { readonly language: string; readonly code: string }[];
}

const PAGES = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];

export function readDocuments(): Document[] {
  const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return [...PAGES, ...docs.map((name) => `docs/${name}`)].map(readDocument);
}

export function readDocument(name: string): Document {
  const text = readFileSync(join(ROOT, name), 'utf8');
  const blocks = [...text.matchAll(/^( *)```(\w*)\n(.*?)^ *```$/gms)].map(
    ([, indent = '', language = '', code = '']) => ({
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
  const prose = text.replaceAll(/^ *```.*?^ *```$/gms, '');
  return {
    name,
    text,
    anchors: [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => slug(heading)),
    spans: [...prose.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replaceAll('\n', ' ')),
    blocks,
  };
}

/** The blocks in one language. */
export function blocksOf({ blocks }: Document, language: string): string[] {
  return blocks.filter((block) => block.language === language).map(({ code }) => code);
}

/** The commands that a reader may type: blocks for the shell, and spans. */
export function commandsOf(document: Document): string[] {
  const lines = blocksOf(document, 'sh').flatMap((code) => code.replaceAll('\\\n', ' ').split('\n'));
  return [...lines, ...document.spans].map((line) => line.trim());
}

/** The anchor that GitHub gives a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s/g, '-');
}
