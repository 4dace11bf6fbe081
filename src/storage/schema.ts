/** All tables. Each service keeps its own in schema/<service>.ts; this joins them. */
export interface Schema {}
