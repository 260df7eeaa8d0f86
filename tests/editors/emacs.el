;;; emacs.el --- What a test does in Emacs  -*- lexical-binding: t; -*-

;;; Commentary:

;; Batch mode, so that questions are read from standard input: the test sees what is asked and
;; answers as a person would.  The configuration is the one of docs/how-to/emacs.md.

;;; Code:

(require 'eglot)

(setq native-comp-jit-compilation nil
      make-backup-files nil
      create-lockfiles nil
      ;; A busy machine takes its time, and what follows wants the server and its answers.
      eglot-sync-connect 30
      jrpc-default-request-timeout 30)

(defvar test-command (json-parse-string (getenv "STEWARD_TEST_COMMAND") :array-type 'list)
  "How the server is started.")

(setq completing-read-function
      (lambda (prompt collection &optional predicate require-match initial history default &rest rest)
        ;; A bare return takes what the minibuffer starts with; only batch mode starts it empty.
        (let ((line (apply #'completing-read-default prompt collection predicate require-match
                           initial history default rest)))
          (if (string-empty-p line) (or initial default "") line))))

(defun test-execute (command &optional argument)
  "Run COMMAND of the server with ARGUMENT and return its result."
  (jsonrpc-request (eglot-current-server) :workspace/executeCommand
                   (list :command command :arguments (if argument (vector argument) []))))

(defun test-is-under-way ()
  "Whether a run is not over yet."
  (seq-some (lambda (run) (not (member (plist-get run :state) '("finished" "failed" "cancelled"))))
            (test-execute "steward.runs")))

(add-to-list 'eglot-server-programs (cons 'python-mode test-command))
(find-file (getenv "STEWARD_TEST_FILE"))
(python-mode)
(apply #'eglot (eglot--guess-contact))
;; Batch mode is never idle, and Emacs tells of changes when it is.
(run-with-timer eglot-send-changes-idle-time eglot-send-changes-idle-time
                #'eglot--signal-textDocument/didChange)

(defun test-run-agent ()
  "Start an agent and wait for its end."
  (test-execute "steward.agent.run" '(:agent "fix" :goal "Make the failing test pass"))
  (while (test-is-under-way)
    (accept-process-output nil 0.05)))

(defun test-pick-action (text)
  "Go behind TEXT, pick one of the code actions there, and wait for the end of its run."
  (goto-char (point-min))
  (search-forward text)
  (let* ((actions (append (eglot-code-actions (point) (point)) nil))
         (titles (mapcar (lambda (action) (plist-get action :title)) actions))
         (picked (completing-read (format "Pick an action of %s: " titles) titles nil t)))
    (eglot-execute (eglot-current-server) (nth (seq-position titles picked) actions)))
  (while (test-is-under-way)
    (accept-process-output nil 0.05)))

(defun test-complete (typed)
  "Type TYPED at the end, with the cursor at its bar, and complete what stands there."
  (goto-char (point-max))
  (insert typed)
  (search-backward "|")
  (delete-char 1)
  (completion-at-point))

(let ((typed (getenv "STEWARD_TEST_TYPED"))
      (pointed (getenv "STEWARD_TEST_POINTED")))
  (cond (typed (test-complete typed))
        (pointed (test-pick-action pointed))
        (t (test-run-agent))))
;; What Emacs holds now, for the test to compare with the disk.
(let ((held (list :text (buffer-substring-no-properties (point-min) (point-max))
                  :modified (if (buffer-modified-p) t :false))))
  (write-region (json-serialize held) nil (getenv "STEWARD_TEST_RESULT")))
(kill-emacs 0)

;;; emacs.el ends here
