/** A row of a CSV file (RFC 4180), with the line end that every reader of tables takes. */
export function csvRow(values: readonly (string | boolean)[]): string {
  return `${values.map((value) => quoted(asText(String(value)))).join(',')}\n`;
}

/** Spreadsheets take what begins so for a formula, and anyone who may create a pod chooses the kind of its owner. */
function asText(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
