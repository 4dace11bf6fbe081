/** The services that Slipway speaks. */
export type ServiceId = 'sagemaker' | 'sagemaker-runtime' | 's3' | 'lambda' | 'iam' | 'sts' | 'logs'
