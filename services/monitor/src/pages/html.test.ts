import { expect, test } from 'vitest';
import { html } from './html.js';

test('text is escaped for content and for quoted attributes', () => {
  const text = `<a href="x" id='y'>&`;
  expect(html`<p title="${text}">${text}</p>`.text).toBe(
    '<p title="&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;">&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;</p>',
  );
});

test('markup is not escaped again', () => {
  expect(html`<p>${html`<b>${'&'}</b>`}</p>`.text).toBe('<p><b>&amp;</b></p>');
});

test('a list of markup is joined, a number is written, and undefined leaves nothing', () => {
  expect(html`${[html`<i>1</i>`, html`<i>2</i>`]}${0}${undefined}`.text).toBe('<i>1</i><i>2</i>0');
});
