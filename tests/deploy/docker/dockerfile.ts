import { readFileSync } from 'node:fs';
import { DockerfileParser, type Flag, type PropertyInstruction } from 'dockerfile-ast';

export const ROOT = new URL('../../../', import.meta.url);

export interface Instruction {
  /** In capitals. */
  readonly keyword: string;
  /** As written: `--from=build`. */
  readonly flags: readonly string[];
  /** The text after the flags, as written. */
  readonly text: string;
  /** The values of ENV and LABEL. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** The repository's Dockerfile, as far as it is about stages. */
export function readDockerfile(): { readonly text: string; readonly stages: readonly Stage[] } {
  const text = readFileSync(new URL('Dockerfile', ROOT), 'utf8');
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const parsed of DockerfileParser.parse(text).getInstructions()) {
    const keyword = parsed.getKeyword();
    // Not every kind of instruction can have flags or properties, and the parser has a class for each kind.
    const { getFlags, getProperties } = parsed as { getFlags?: () => Flag[] } & Partial<PropertyInstruction>;
    const flags = (getFlags?.call(parsed) ?? []).map(String);
    const properties = Object.fromEntries(
      (getProperties?.call(parsed) ?? []).map((property) => [property.getName(), property.getValue() ?? '']),
    );
    const words = (parsed.getRawArgumentsContent() ?? '').trim();
    const instruction = { keyword, flags, properties, text: withoutFlags(words) };
    const [from = '', , name = ''] = instruction.text.split(/\s+/);
    if (keyword === 'FROM') stages.push({ name, from, instructions: [] });
    else stages.at(-1)?.instructions.push(instruction);
  }
  return { text, stages };
}

function withoutFlags(text: string): string {
  return text.replace(/^(--\S+\s+)+/, '');
}

/** The configuration that a container of a target has from its image. */
export interface ImageConfig {
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  /** Undefined when there is none. */
  readonly healthcheck: readonly string[] | undefined;
  /** Copies out of the build stage and the context, in order. */
  readonly copies: readonly {
    readonly from: string | undefined;
    readonly source: string;
    readonly target: string;
  }[];
}

/** Applies the instructions of a target and of the stages that it is made from. */
export function imageConfig(stages: readonly Stage[], target: string): ImageConfig {
  const stage = stages.find(({ name }) => name === target);
  if (!stage) throw new Error(`the Dockerfile has no target ${target}`);
  const parent = stages.find(({ name }) => name === stage.from);
  const instructions = [...(parent?.instructions ?? []), ...stage.instructions];
  const last = (keyword: string) => instructions.findLast((each) => each.keyword === keyword)?.text ?? '';
  const healthcheck = last('HEALTHCHECK');
  return {
    env: Object.assign({}, ...ofKeyword(instructions, 'ENV').map(({ properties }) => properties)),
    labels: Object.assign({}, ...ofKeyword(instructions, 'LABEL').map(({ properties }) => properties)),
    user: last('USER'),
    workdir: last('WORKDIR'),
    entrypoint: words(last('ENTRYPOINT')),
    healthcheck: healthcheck.startsWith('CMD') ? words(healthcheck.slice('CMD'.length)) : undefined,
    copies: ofKeyword(instructions, 'COPY').map(({ flags, text }) => {
      const [source = '', to = ''] = text.split(/\s+/);
      return {
        from: flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length),
        source,
        target: to,
      };
    }),
  };
}

export function ofKeyword(instructions: readonly Instruction[], keyword: string): Instruction[] {
  return instructions.filter((each) => each.keyword === keyword);
}

/** The exec form, the only one that needs no shell. @throws when it is not that */
function words(text: string): string[] {
  const parsed: unknown = JSON.parse(text);
  if (!Array.isArray(parsed) || !parsed.every((word) => typeof word === 'string'))
    throw new Error(`not in exec form: ${text}`);
  return parsed;
}
