/**
 * The program of the pause container, which holds a pod's network and does nothing: three machine instructions in the
 * smallest frame that Linux takes for a program. Node.js would do as well, for forty megabytes a pod.
 */

/** `pause()` again and again, or what comes closest to it: the C would be `for (;;) pause();` */
const loops: Readonly<Record<string, { readonly machine: number; readonly code: readonly number[] }>> = {
  // mov eax, 34 (pause); syscall; jmp back
  x64: { machine: 62, code: [0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7] },
  // mov x0..x3, 0; mov x8, 73 (ppoll); svc 0; b back
  arm64: {
    machine: 183,
    code: [0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800928, 0xd4000001, 0x17fffffa].flatMap((word) => [
      word & 0xff,
      (word >>> 8) & 0xff,
      (word >>> 16) & 0xff,
      word >>> 24,
    ]),
  },
};

/** An ELF program for processors of kind `arch` (as `process.arch` names them); undefined for others. */
export function pauseProgram(arch: string): Buffer | undefined {
  const loop = loops[arch];
  if (!loop) return undefined;
  const base = 0x400000;
  const headers = 64 + 56;
  const size = headers + loop.code.length;
  const elf = Buffer.alloc(size);
  elf.write('\x7fELF', 0, 'latin1');
  elf.set([2, 1, 1], 4); // 64 bits, little-endian, version 1
  elf.writeUInt16LE(2, 16); // an executable
  elf.writeUInt16LE(loop.machine, 18);
  elf.writeUInt32LE(1, 20);
  elf.writeBigUInt64LE(BigInt(base + headers), 24); // where it begins
  elf.writeBigUInt64LE(64n, 32); // the one program header follows
  elf.writeUInt16LE(64, 52);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(1, 56);
  elf.writeUInt32LE(1, 64); // it is loaded …
  elf.writeUInt32LE(5, 68); // … to be read and executed
  elf.writeBigUInt64LE(BigInt(base), 80);
  elf.writeBigUInt64LE(BigInt(base), 88);
  elf.writeBigUInt64LE(BigInt(size), 96);
  elf.writeBigUInt64LE(BigInt(size), 104);
  elf.writeBigUInt64LE(0x1000n, 112);
  elf.set(loop.code, headers);
  return elf;
}
