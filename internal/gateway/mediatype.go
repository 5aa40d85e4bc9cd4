package gateway

import "strings"

// MediaType returns the media type of a Content-Type header, or of the first
// element of an Accept header, without its parameters.
func MediaType(value string) string {
	if i := strings.IndexAny(value, ";,"); i >= 0 {
		value = value[:i]
	}
	return strings.TrimSpace(value)
}

// IsJSON reports whether the content type is JSON in UTF-8: application/json or
// any type ending in +json, without a charset of another name.
func IsJSON(contentType string) bool {
	t := MediaType(contentType)
	return (strings.EqualFold(t, "application/json") || hasSuffixFold(t, "+json")) && isUTF8(contentType)
}

// IsText reports whether a body of this content type can travel as the text of
// a JSON string. A type with a charset other than UTF-8 cannot, nor can one
// that is not known; neither can an empty content type.
func IsText(contentType string) bool {
	return textType(MediaType(contentType)) && isUTF8(contentType)
}

func textType(t string) bool {
	if hasPrefixFold(t, "text/") || hasSuffixFold(t, "+json") || hasSuffixFold(t, "+xml") || hasSuffixFold(t, "+yaml") {
		return true
	}
	if !hasPrefixFold(t, "application/") {
		return false
	}
	switch strings.ToLower(t[len("application/"):]) {
	case "json", "xml", "javascript", "x-javascript", "ecmascript", "x-www-form-urlencoded",
		"x-ndjson", "jsonl", "json-seq", "yaml", "x-yaml", "toml", "graphql", "sql", "xml-dtd", "rtf", "x-sh":
		return true
	}
	return false
}

// compressible reports whether gzip makes bodies of this type smaller. Images,
// video, archives and fonts in WOFF are compressed already.
func compressible(contentType string) bool {
	t := MediaType(contentType)
	if textType(t) {
		return !strings.EqualFold(t, "text/event-stream")
	}
	switch strings.ToLower(t) {
	case "image/bmp", "image/x-icon", "image/vnd.microsoft.icon", "font/ttf", "font/otf",
		"application/vnd.ms-fontobject", "application/wasm", "application/pdf", "application/x-tar",
		"application/protobuf", "application/x-protobuf", "application/proto", "application/msgpack", "application/cbor":
		return true
	}
	return false
}

// isUTF8 reports whether the content type has no charset or one that UTF-8 is or contains.
func isUTF8(contentType string) bool {
	for {
		_, rest, ok := strings.Cut(contentType, ";")
		if !ok {
			return true
		}
		contentType = rest
		name, value, _ := strings.Cut(rest, "=")
		if strings.EqualFold(strings.TrimSpace(name), "charset") {
			value, _, _ = strings.Cut(value, ";")
			value = strings.Trim(strings.TrimSpace(value), `"`)
			return strings.EqualFold(value, "utf-8") || strings.EqualFold(value, "utf8") || strings.EqualFold(value, "us-ascii")
		}
	}
}

// MatchMediaType reports whether an API's binaryMediaTypes contain the media
// type: literally, as type/*, or as */*. A header's first media type is what an API
// Gateway REST API compares.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html
func MatchMediaType(types []string, header string) bool {
	t := MediaType(header)
	for _, pattern := range types {
		if pattern == "*/*" || strings.EqualFold(pattern, t) {
			return true
		}
		if major, ok := strings.CutSuffix(pattern, "/*"); ok && hasPrefixFold(t, major+"/") {
			return true
		}
	}
	return false
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}
