import { existsSync, readFileSync } from 'node:fs';
import { ALLOCATOR, CRONJOB_FLAGS, NODE_FLAGS, READER_FLAGS } from '@podips/simulation';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { buildContext, isIgnored, readRules } from './build-context.js';
import { imageConfig, ofKeyword, ROOT, readDockerfile } from './dockerfile.js';
import { CLI_TARGET, PROGRAM_SPECS, TARGETS } from './program-specs.js';

const { text, stages } = readDockerfile();
const instructions = stages.flatMap((stage) => stage.instructions);
const stageNames = stages.map(({ name }) => name);
const rootPackage: { version: string; packageManager: string } = JSON.parse(
  readFileSync(new URL('package.json', ROOT), 'utf8'),
);
const IMAGES = [...TARGETS, CLI_TARGET];
const PROBE = '/app/node_modules/@podips/shared/dist/probe/main.js';

describe('the Dockerfile', () => {
  it('passes a linter that knows instructions and their flags', () => {
    expect(validate(text)).toEqual([]);
    expect(validate('FROM node:24\nHEALTHCHECK --intervall=1s CMD ["x"]')).toHaveLength(1);
  });

  it('has a target for each program, and nothing but them and what they are made from', () => {
    expect(stageNames.sort()).toEqual([...IMAGES, 'base', 'build'].sort());
  });

  it('needs nothing but the one base image: no syntax image, no digest, no other registry', () => {
    expect(text).not.toMatch(/^#\s*syntax\s*=/im);
    expect(text).toMatch(/^ARG NODE_IMAGE=node:24-bookworm-slim$/m);
    for (const { from } of stages) expect(['$' + '{NODE_IMAGE}', 'base']).toContain(from);
    expect(text).not.toMatch(/@sha256:|:latest/);
    for (const { from } of IMAGES.flatMap((target) => imageConfig(stages, target).copies))
      expect([undefined, 'build']).toContain(from);
  });

  it('fetches nothing on its own, and runs nothing in the images themselves', () => {
    expect(ofKeyword(instructions, 'ADD')).toEqual([]);
    for (const { text: command } of ofKeyword(instructions, 'RUN'))
      expect(command).not.toMatch(/curl|wget|apt-get|\bsudo\b/);
    for (const { name, instructions: own } of stages)
      if (name !== 'build') expect(ofKeyword(own, 'RUN'), name).toEqual([]);
  });

  it('keeps the settings of npm out of layers: they are a secret of two commands', () => {
    const flags = instructions.flatMap((each) => each.flags).filter((flag) => flag.includes('secret'));
    expect(flags).toEqual(Array(2).fill('--mount=type=secret,id=npmrc,target=/root/.npmrc'));
    expect(text).not.toMatch(/^ARG .*(npm|token|registry|password)/im);
    expect(buildContext().filter((path) => /\.npmrc|\.env/.test(path))).toEqual([]);
  });

  it('runs no install script, and fetches nothing that the lock file does not name', () => {
    const build = stages.find(({ name }) => name === 'build')?.instructions ?? [];
    const installs = ofKeyword(build, 'RUN').flatMap(
      (each) => each.text.match(/pnpm .*(install|deploy) .*/g) ?? [],
    );
    expect(installs).toHaveLength(2);
    for (const command of installs) expect(command).toContain('--ignore-scripts');
    expect(installs[0]).toContain('--frozen-lockfile');
  });

  it('changes no file that an earlier step has stored, which would be stored a second time', () => {
    const build = stages.find(({ name }) => name === 'build')?.instructions ?? [];
    const ofOut = ofKeyword(build, 'RUN').filter((each) => each.text.includes('/out'));
    expect(ofOut).toHaveLength(1);
  });

  it('has no HEALTHCHECK NONE, which docker compose up --wait before 5.0.2 takes for a failure', () => {
    expect(ofKeyword(instructions, 'HEALTHCHECK').filter((each) => each.text === 'NONE')).toEqual([]);
  });

  it('gives Node the memory with which all is tested and measured', () => {
    for (const flags of [NODE_FLAGS, READER_FLAGS, CRONJOB_FLAGS])
      expect(text).toContain(`NODE_OPTIONS="${flags.join(' ')}"`);
    expect(text).toContain(`MALLOC_ARENA_MAX=${ALLOCATOR.MALLOC_ARENA_MAX} `);
  });

  it('uses the pinned pnpm and the version of the packages', () => {
    expect(text).toContain(`npm install --global ${rootPackage.packageManager}\n`);
    for (const target of IMAGES)
      expect(imageConfig(stages, target).labels['org.opencontainers.image.version']).toBe(
        rootPackage.version,
      );
  });

  it('builds for every processor in one go, on that of the builder', () => {
    expect(text).toContain('FROM --platform=$BUILDPLATFORM');
    expect(text).not.toMatch(/amd64|x86_64|arm64|aarch64/);
  });

  it('lays packages before sources, so that a change of code fetches nothing', () => {
    const build = stages.find(({ name }) => name === 'build')?.instructions ?? [];
    const fetch = build.findIndex((each) => each.text.startsWith('pnpm install '));
    const sources = build.findIndex((each) => each.text === '. .');
    expect(fetch).toBeGreaterThan(0);
    expect(sources).toBeGreaterThan(fetch);
  });
});

describe.each(IMAGES)('the image of %s', (target) => {
  const image = imageConfig(stages, target);

  it('runs as a numeric user that is not root, in /app, without a shell', () => {
    expect(image.user).toMatch(/^[1-9]\d{3,}:[1-9]\d{3,}$/);
    expect(image.workdir).toBe('/app');
    expect(image.entrypoint[0]).toBe('node');
  });

  it('does not own its own files', () => {
    const own = stages.find(({ name }) => name === target)?.instructions ?? [];
    const app = ofKeyword(own, 'COPY').filter((each) => each.text.endsWith(' ./'));
    expect(app.map(({ flags }) => flags)).toEqual([['--from=build', '--chown=0:0']]);
  });

  it('says what it is', () => {
    expect(image.labels['org.opencontainers.image.title']).toBe(`podips ${target}`);
    expect(image.labels['org.opencontainers.image.description']).toMatch(/^[A-Z].{20,}[^.]$/);
    expect(image.labels['org.opencontainers.image.licenses']).toBe('LGPL-2.1-or-later');
  });

  it('is probed by the probe program, at what it offers', () => {
    if (['cronjob', CLI_TARGET].includes(target)) return expect(image.healthcheck).toBeUndefined();
    const [node, program, ...targets] = image.healthcheck ?? [];
    expect([node, program]).toEqual(['node', PROBE]);
    const needs = targets.map((each) => (each.startsWith('/') ? 'HTTP_PORT' : 'STATUS_DIR'));
    expect(Object.keys(PROGRAM_SPECS[target] ?? {})).toEqual(expect.arrayContaining(needs));
    expect(needs.length).toBeGreaterThan(0);
  });
});

describe('the build context', () => {
  it('has what the build takes, and no tests, recordings or results of other builds', () => {
    const files = buildContext();
    expect(files).toEqual(
      expect.arrayContaining([
        'pnpm-lock.yaml',
        'services/reader/src/main.ts',
        'LICENSE',
        'tsconfig.base.json',
      ]),
    );
    expect(
      files.filter((path) => /\.test\.|recordings|node_modules|\/dist\/|^tests|^\.git/.test(path)),
    ).toEqual([]);
    for (const path of files) expect(existsSync(new URL(path, ROOT))).toBe(true);
  });

  it('follows the rules of .dockerignore: the last one wins, for files and all that is below folders', () => {
    const rules = readRules('*\n!src\n# comment\n**/*.log\n!src/keep.log\nsrc/?.tmp');
    const kept = ['src/a.ts', 'src/keep.log', 'src/deep/b.ts', 'src/ab.tmp'];
    const ignored = ['README.md', 'src/x.log', 'src/deep/x.log', 'src/a.tmp', 'other/src'];
    expect([...kept, ...ignored].filter((path) => !isIgnored(path, rules))).toEqual(kept);
  });
});
