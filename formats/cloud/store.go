//go:build cloud

package cloud

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/blob/s3blob"

	"cpm/formats"
	"cpm/formats/fault"
)

// markKey is the metadata of an object that holds its mark. Azure takes letters alone.
const markKey = "cpmmark"

// attempts are how often the library of Google tries what fails on the way. Left alone it tries for ever; the other two
// give up after three or four.
const attempts = 4

// Store is a formats.Store. Its buckets stay open: they hold idle connections, and nothing that could be lost.
type Store struct {
	openers *blob.URLMux

	mutex   sync.Mutex
	buckets map[string]*blob.Bucket // by URL
}

// New returns the store of all schemes. The drivers bring themselves into the library's own table.
func New() *Store {
	return &Store{openers: blob.DefaultURLMux(), buckets: map[string]*blob.Bucket{}}
}

// bucket opens the bucket of a location, once for all who ask with the same options.
func (s *Store) bucket(ctx context.Context, at formats.Location) (*blob.Bucket, error) {
	if !slices.Contains([]string{s3blob.Scheme, gcsblob.Scheme, azureblob.Scheme}, at.Scheme) {
		return nil, fault.New(fault.Usage, at.String(), "this build has no driver for %s", at.Scheme).Hint("copy it to a bucket of another kind")
	}
	where := url.URL{Scheme: at.Scheme, Host: at.Bucket, RawQuery: at.Options}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if opened := s.buckets[where.String()]; opened != nil {
		return opened, nil
	}
	opened, err := s.openers.OpenBucketURL(ctx, &where)
	if err != nil {
		return nil, fault.New(fault.Usage, at.Scheme+"://"+at.Bucket, "the bucket cannot be opened").Because(newFailure(err)).
			Hint("check the options behind its path and the credentials of this machine")
	}
	var google *storage.Client
	if opened.As(&google) {
		google.SetRetry(storage.WithMaxAttempts(attempts))
	}
	s.buckets[where.String()] = opened
	return opened, nil
}

// Look implements formats.Store.
func (s *Store) Look(ctx context.Context, at formats.Location) (formats.Object, error) {
	bucket, err := s.bucket(ctx, at)
	if err != nil {
		return formats.Object{}, err
	}
	a, err := bucket.Attributes(ctx, at.Key)
	if err != nil {
		return formats.Object{}, newFailure(err)
	}
	return formats.Object{Size: a.Size, Version: a.ETag, Mark: a.Metadata[markKey]}, nil
}

// List implements formats.Store.
func (s *Store) List(ctx context.Context, at formats.Location, each func(key string, o formats.Object) error) error {
	bucket, err := s.bucket(ctx, at)
	if err != nil {
		return err
	}
	list := bucket.List(&blob.ListOptions{Prefix: at.Key})
	for {
		found, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return newFailure(err)
		}
		if err := each(found.Key, formats.Object{Size: found.Size}); err != nil {
			return err
		}
	}
}

// Read implements formats.Store. What an object says of how it is encoded is passed over: its bytes come as they stand,
// so that their number is what the store says, and a compression is told by them.
func (s *Store) Read(ctx context.Context, at formats.Location, w io.Writer) (formats.Object, error) {
	found, err := s.Look(ctx, at)
	if err != nil {
		return found, err
	}
	bucket, err := s.bucket(ctx, at)
	if err != nil {
		return found, err
	}
	unasked := policy.WithHTTPHeader(ctx, http.Header{"Accept-Encoding": {"identity"}}) // read by the library of Azure alone
	reader, err := bucket.NewReader(unasked, at.Key, &blob.ReaderOptions{BeforeRead: asItStands})
	if err != nil {
		return found, newFailure(err)
	}
	_, err = io.Copy(w, reader)
	if err := errors.Join(err, reader.Close()); err != nil {
		return found, newFailure(err)
	}
	return found, nil
}

// asItStands has the library of S3 say nothing on standard error, and that of Google unpack nothing.
func asItStands(as func(any) bool) error {
	var options *[]func(*s3.Options)
	if as(&options) {
		*options = append(*options, func(o *s3.Options) { o.Logger = logging.Nop{} })
	}
	var object **storage.ObjectHandle
	if as(&object) {
		*object = (*object).ReadCompressed(true)
	}
	return nil
}

// Write implements formats.Store.
func (s *Store) Write(ctx context.Context, at formats.Location, what formats.Writing) error {
	bucket, err := s.bucket(ctx, at)
	if err != nil {
		return err
	}
	options := &blob.WriterOptions{ContentType: "application/octet-stream", IfNotExist: !what.Overwrite}
	if what.Mark != "" {
		options.Metadata = map[string]string{markKey: what.Mark}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	from := &source{from: what.Bytes, cancel: cancel}
	err = bucket.Upload(ctx, at.Key, from, options)
	if from.err != nil {
		return from.err
	}
	return newFailure(err)
}

// source cancels a write when its bytes cannot be read: the library would take what came for all, and make an object of it.
type source struct {
	from   io.Reader
	cancel context.CancelFunc
	err    error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
		s.cancel()
	}
	return n, err
}

// Remove implements formats.Store.
func (s *Store) Remove(ctx context.Context, at formats.Location) error {
	bucket, err := s.bucket(ctx, at)
	if err != nil {
		return err
	}
	return newFailure(bucket.Delete(ctx, at.Key))
}
