export interface LogsTables {
  logs_groups: LogGroupRow
  logs_streams: LogStreamRow
  logs_events: LogEventRow
  logs_tags: LogTagRow
}

export interface LogGroupRow {
  /** Made anew whenever a group of this name is created, so that events of a deleted namesake stay unseen. */
  id: string
  account: string
  region: string
  name: string
  class: string
  /** Null: events never expire. */
  retention_days: number | null
  created_at: number
}

export interface LogStreamRow {
  id: string
  group_id: string
  name: string
  created_at: number
  first_event_at: number | null
  last_event_at: number | null
  last_ingestion_at: number | null
  /** Sum of `bytes` over the stream's events. */
  stored_bytes: number
}

export interface LogEventRow {
  stream_id: string
  /** Repeated from the stream, for reading a whole group in the order of time. */
  group_id: string
  timestamp: number
  /** 23 digits that grow with every append; the order among events of one timestamp. */
  sequence: string
  ingested_at: number
  message: string
  /** What the event counts for: its message in UTF-8 and 26 bytes. */
  bytes: number
}

export interface LogTagRow {
  group_id: string
  key: string
  value: string
}
