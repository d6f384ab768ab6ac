/** A row of a CSV file (RFC 4180), with the line end that every reader of tables takes. */
export function csvRow(values: readonly (string | boolean)[]): string {
  return `${values.map((value) => quoted(String(value))).join(',')}\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
