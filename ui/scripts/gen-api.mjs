// Makes src/api/schema.d.ts from openapi.json; with --check it only says whether the two still agree.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const source = new URL('../openapi.json', import.meta.url);
const target = new URL('../src/api/schema.d.ts', import.meta.url);
const head = '// Made by `npm run gen:api` from openapi.json. Do not edit.\n\n';

export async function generate() {
  return head + astToString(await openapiTS(source, { alphabetize: true, defaultNonNullable: false }));
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const made = await generate();
  if (process.argv.includes('--check')) {
    if ((await readFile(target, 'utf8')) !== made) {
      console.error('src/api/schema.d.ts is not what openapi.json says: run `npm run gen:api` and commit it');
      process.exit(1);
    }
  } else {
    await writeFile(target, made);
  }
}
