/** Channels (视频号): live dashboard, leads, live statistics (token of the Channels assistant) and the Shop's compass (token of the shop). */
export * from './channels.ts'
