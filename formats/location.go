package formats

import (
	"path"
	"regexp"
	"strings"
)

// Location is where an object stands, or several whose keys begin alike.
type Location struct {
	Scheme  string // s3, gs or azblob
	Bucket  string
	Key     string // as it stands: nothing in it is encoded
	Options string // how the bucket is reached, as the query of a URL; it may hold secrets
}

// String returns the location as a path, without the options.
func (l Location) String() string { return l.Scheme + "://" + l.Bucket + "/" + l.Key }

// bucket returns the location of the bucket alone.
func (l Location) bucket() string { return l.Scheme + "://" + l.Bucket }

// isFolder reports whether no object is meant, but those below.
func (l Location) isFolder() bool { return l.Key == "" || strings.HasSuffix(l.Key, "/") }

// IsObject reports whether a path is that of an object store, such as s3://bucket/key.
func IsObject(path string) bool {
	_, isObject := parseLocation(path)
	return isObject
}

// parseLocation reads SCHEME://BUCKET/KEY[?NAME=VALUE[&NAME=VALUE…]].
func parseLocation(text string) (l Location, isObject bool) {
	scheme, rest, ok := strings.Cut(text, "://")
	if l.Scheme = strings.ToLower(scheme); !ok || !isScheme(l.Scheme) {
		return l, false
	}
	rest, l.Options = cutOptions(rest)
	l.Bucket, l.Key, _ = strings.Cut(rest, "/")
	return l, true
}

func isScheme(word string) bool { return word == "s3" || word == "gs" || word == "azblob" }

// cutOptions cuts the options off a path: what stands behind the first question mark before a name and an equals sign.
// Any other question mark belongs to a key, or to a pattern.
func cutOptions(path string) (before, options string) {
	at := regexp.MustCompile(`\?[A-Za-z_]\w*=`).FindStringIndex(path)
	if at == nil {
		return path, ""
	}
	return path[:at[0]], path[at[0]+1:]
}

// WithoutOptions returns a text, such as an argument, without the options of the location that it ends with.
func WithoutOptions(text string) string {
	for _, scheme := range []string{"s3", "gs", "azblob"} {
		if at := strings.Index(strings.ToLower(text), scheme+"://"); at >= 0 {
			before, _ := cutOptions(text[at:])
			return text[:at] + before
		}
	}
	return text
}

// objectName is the last part of the key.
func (l Location) objectName() string { return path.Base(l.Key) }
