/** The work item of an instance of an asynchronous endpoint: `account/region/name-key/instance`. */
export const ASYNC_INSTANCE_WORK = 'async-instance'
/** The work item of a queue, by its id: for as long as it is there, and until nothing is left of it. */
export const ASYNC_QUEUE_WORK = 'async-queue'
