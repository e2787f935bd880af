/**
 * A watch is a stream of lines, one JSON text each; the network hands it over in chunks that end anywhere: within a line,
 * within a character. A newline byte never occurs inside a multi-byte UTF-8 character, so bytes are split first and
 * decoded as whole lines.
 */
export async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
  let begun: Buffer[] = []; // the line that has not ended yet
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const rest = chunk.subarray(start, end);
      start = end + 1;
      const line = begun.length === 0 ? rest.toString() : Buffer.concat([...begun, rest]).toString();
      begun = [];
      if (line.trim() !== '') yield line;
    }
    if (start < chunk.length) begun.push(chunk.subarray(start));
  }
  // A server that ends a stream properly ends its last line too; what is left is a line cut in two, and lost.
}

const newline = 0x0a;
