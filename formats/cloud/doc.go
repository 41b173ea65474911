//go:build cloud

// Package cloud is the formats.Store of s3://, gs:// and azblob://, by gocloud.dev. It is compiled with the build tag cloud
// alone: the drivers weigh more than everything else together, and the usual build is for files.
//
//	s3://BUCKET/KEY[?endpoint=…&region=…] ──▶ a bucket, opened once ──▶ look, list, read, write, remove
//
// All three are tested against servers, by the laws of package storetest and by whole runs: versitygw for S3, fake-gcs-server
// for Google, Azurite for Azure where it is there. None is tested against the service of its vendor.
//
// Credentials are found as each vendor's library finds them: in AWS_… variables and profiles, in
// GOOGLE_APPLICATION_CREDENTIALS, in AZURE_STORAGE_… variables, or by the machine that it runs on.
package cloud
