/** Work: bring what has been published to a topic on its way. The key is the topic's id. */
export const FAN_OUT = 'sns-fan-out'

/** Work: send what is due to a subscription. The key is the subscription's id. */
export const DELIVER = 'sns-deliver'
