//go:build cloud

// Package cloud is the formats.Store of s3://, gs:// and azblob://, by gocloud.dev. It is compiled with the build tag cloud
// alone: the drivers weigh more than everything else together, and the usual build is for files.
//
//	s3://BUCKET/KEY[?endpoint=…&region=…] ──▶ a bucket, opened once ──▶ look, list, read, write, remove
//
// Credentials are found as each vendor's library finds them: in AWS_… variables and profiles, in
// GOOGLE_APPLICATION_CREDENTIALS, in AZURE_STORAGE_… variables, or by the machine that it runs on.
package cloud
