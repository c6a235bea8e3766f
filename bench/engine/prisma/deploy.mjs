// What `prisma migrate deploy` does with its engine: node deploy.mjs URL FOLDER-OF-MIGRATIONS
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'

// Node loads no WebAssembly by itself: what its loader would do.
const home = join(import.meta.dirname, 'node_modules', '@prisma', 'schema-engine-wasm')
const engineModule = await import(join(home, 'schema_engine_bg.js'))
const { instance } = await WebAssembly.instantiate(readFileSync(join(home, 'schema_engine_bg.wasm')), {
  './schema_engine_bg.js': engineModule,
})
engineModule.__wbg_set_wasm(instance.exports)
instance.exports.__wbindgen_start?.()

const [url, baseDir] = process.argv.slice(2)
const lockfile = { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' }
const migrationDirectories = readdirSync(baseDir, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort()
  .map((path) => {
    const value = readFileSync(join(baseDir, path, 'migration.sql'), 'utf8')
    return { path, migrationFile: { path: 'migration.sql', content: { tag: 'ok', value } } }
  })
const datamodel = 'datasource db {\n  provider = "postgresql"\n}\n'
const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url }))
const engine = await engineModule.SchemaEngine.new({ datamodels: [['schema.prisma', datamodel]] }, () => {}, adapter)
const done = await engine.applyMigrations({
  migrationsList: { baseDir, lockfile, shadowDbInitScript: '', migrationDirectories },
  filters: { externalTables: [], externalEnums: [] },
})
if (done.appliedMigrationNames.length !== migrationDirectories.length) {
  throw new Error(`${done.appliedMigrationNames.length} of ${migrationDirectories.length} were applied`)
}
process.exit(0)
