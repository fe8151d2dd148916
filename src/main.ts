import { Command } from 'commander'
import { bugExit } from './cli/output.ts'

/**
 * The command line: `npm run -s qz -- <command>`. Each command is a file of its own, loaded when it is asked for, so that `--help` is instant.
 * Exit codes: 0 done; 1 done, and the answer is bad news (a check failed, an agreement failed); 2 could not be done (the message says why).
 */
const program = new Command('qz').description('Qingzhou (轻舟): selling on WeChat, light').showHelpAfterError().helpCommand(true)

program.command('start').description('start everything: database, server, emulator with a demo merchant (this is `npm start`)')
  .option('--no-sea', 'real accounts only: no emulator, no demo merchant').option('--people <n>', 'people around the demo merchant, when its world is made (default: QZ_PEOPLE, 400)')
  .action(async (options) => (await import('./cli/start.ts')).start(options))
program.command('emulate').description('the WeChat emulator alone')
  .option('--port <port>', 'port', '8190').option('--host <host>', 'address to listen on; 0.0.0.0 in a container', '127.0.0.1').option('--seed <seed>', 'seed of all ids and keys', 'qingzhou').option('--memory', 'keep nothing on disk (the default)').option('--print-env', 'print the credentials a real client needs as KEY=value lines')
  .option('--namespace <names...>', 'more namespaces besides main').option('--clock <kind>', 'real: follows the machine; queue: stands still until moved by the admin API', 'real').option('--callback <url>', 'where callbacks go at first; {kind} and {id} are filled in').option('--json', 'one JSON object').option('--once', 'print and exit')
  .option('--tls <folder>', 'also answer https, with a certificate of an authority of its own that is kept in this folder (ca.pem)').option('--tls-port <port>', 'its port; 0 takes a free one', '8443')
  .option('--mini-program <path>', 'run this native mini program in the browser, its phone played by the emulator').option('--mini-port <port>', 'its port; 0 takes a free one', '8191').option('--ext <json>', "what wx.getExtConfigSync answers it; the storefront reads its server's address there: '{\"api\":\"http://127.0.0.1:8080/mall/demo/api\"}'")
  .action(async (options) => (await import('./cli/emulate.ts')).emulate(options))
program.command('replay').description('replay a file of real history through the real protocols').argument('<what>', 'orders').argument('<file>', 'CSV, may be gzipped')
  .option('--faults <seed>', 'with seeded faults in callbacks and API').option('--limit <invoices>', 'only the first invoices').option('--json', 'one JSON object').option('--fresh', 'its own disposable database instead of the data folder')
  .option('--kill-after <invoices>', 'for tests: end the process hard after so many invoices')
  .action(async (what, file, options) => (await import('./cli/replay.ts')).replay(what, file, options))
program.command('simulate').description('simulate: a merchant\'s whole life, product and platform in one process, judged by independent checkers; `dosage` plays our dosage policy against others over a fleet of random merchants; `stock` plays both shelves and the checkout under faults; `community` lets honest readers and cheaters earn feathers').argument('[what]', 'dosage, stock or community')
  .option('--contacts <n>', 'contacts of each merchant', '2000').option('--merchants <n>', 'merchants of the fleet', '40').option('--epochs <n>', 'epochs of 28 days', '12').option('--seed <seed>', 'seed')
  .option('--population <file>', 'JSON file that replaces parameters of the population').option('--per-regime <n>', 'merchants of each named regime', '4').option('--json', 'one JSON object')
  .option('--seeds <a-b>', 'whole life, stock: many seeds').option('--steps <n>', 'stock: acts of each seed').option('--days <n>', 'whole life: days', '30').option('--people <n>', 'whole life: people around the merchant', '100').option('--faults <strength>', 'whole life: 0 no faults, 1 the usual storm', '1')
  .option('--parallel <n>', 'worlds, or merchants of the fleet, at once', '2').option('--no-shrink', 'whole life: do not look for a smaller run that fails too')
  .action(async (what, options) => (what === undefined ? (await import('./cli/simulate-world.ts')).simulateWorld(options) : (await import('./cli/simulate.ts')).simulate(what, options)))
program.command('config').description('effective configuration, secrets masked').option('--json', 'one JSON object')
  .action(async (options) => (await import('./cli/config.ts')).config(options))
program.command('doctor').description('check this machine and the data folder').option('--json', 'one JSON object')
  .action(async (options) => (await import('./cli/doctor.ts')).doctor(options))
program.command('login-link').description('a new one-time login link').option('--login <login>', 'for whom', 'owner').option('--json', 'one JSON object')
  .action(async (options) => (await import('./cli/login-link.ts')).loginLink(options))
program.command('seed').description('make the demo merchant if it is not there').option('--json', 'one JSON object')
  .action(async (options) => (await import('./cli/seed.ts')).seed(options))
program.command('export').description('all data of one merchant as one file').requiredOption('--tenant <slug>', 'merchant').requiredOption('--out <file>', 'file to write (.jsonl.gz)').option('--json', 'one JSON object')
  .action(async (options) => (await import('./cli/export.ts')).exportTenant(options))
program.command('import').description('a merchant from an export, under a new id').requiredOption('--from <file>', 'file made by export').option('--slug <slug>', 'new short name').option('--json', 'one JSON object')
  .action(async (options) => (await import('./cli/export.ts')).importTenant(options))
program.command('bench').description('a benchmark with its anchor in the same run').argument('[name]', 'which; none lists them').option('--size <size>', 'size').option('--rounds <n>', 'paired rounds', '5').option('--seed <n>', 'seed', '1').option('--json', 'one JSON object')
  .option('--plot <file>', 'also draw it (.svg)').option('--folder <folder>', 'another folder of bench files')
  .action(async (name, options) => (await import('./cli/bench.ts')).bench(name, options))
program.command('train').description('train a model file from its data set').argument('<what>', 'moderation').option('--out <file>', 'file to write (default: the one the repository measures; <data>/moderation.bin is the one that moderation reads)').option('--data <folder>', 'folder of the data set').option('--features <n>', 'n-grams kept at most', '200000').option('--json', 'one JSON object')
  .action(async (what, options) => (await import('./cli/train.ts')).train(what, options))

program.parseAsync(process.argv).catch(bugExit)
