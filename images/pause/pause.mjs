// Does nothing, for as long as it may.
setInterval(() => {}, 2 ** 31 - 1);
process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => process.exit(0));
