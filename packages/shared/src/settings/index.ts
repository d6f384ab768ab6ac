export * from './common-settings.js';
export { type ConfigFile, FILE_SETTINGS } from './config-files.js';
export {
  type DatabaseSettings,
  databaseRules,
  databaseSettings,
  databaseSpecs,
  type SslMode,
} from './database-settings.js';
export { describeSettings, type SettingText } from './describe-settings.js';
export { checkProxies, checkProxy, proxyOf } from './proxy-setting.js';
export * from './queue-settings.js';
export * from './read-settings.js';
export { fileVariableOf, isSecret, secret } from './secrets.js';
export * from './server-list.js';
export * from './tls-settings.js';
export { baseUrl, bool, hostName, integer, parseBool, port, withoutLogin } from './validators.js';
