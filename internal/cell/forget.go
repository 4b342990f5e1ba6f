package cell

// Forget removes names from the session and returns those that it does not have.
// What uses them keeps what it uses; a later cell that mentions one is refused.
func (s *Session) Forget(names []string) (unknown []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		_, isDeclared := s.entities[name]
		_, isImported := s.imports[name]
		_, isPackage := s.userPackages[name]
		if !isDeclared && !isImported && !isPackage {
			unknown = append(unknown, name)
			continue
		}
		delete(s.entities, name)
		delete(s.imports, name)
		delete(s.userPackages, name)
	}
	s.memos = map[string]*Cell{}
	return unknown
}
